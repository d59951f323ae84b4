import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Rules } from '../../../gen/flow_pb.ts';
import { TestCli } from '../../support/cli-context.ts';
import { FakeProxy } from '../../support/fake-proxy.ts';

describe('flowtap rules', () => {
  let proxy: FakeProxy;
  let folder: string;
  let file: string;
  /** What the proxy holds, and what it answers to a set of rules. */
  let held: Rules;
  let refusal: Partial<Rules> | undefined;
  const set: string[] = [];

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-rules-'));
    file = path.join(folder, 'flow.rules');
    proxy = await FakeProxy.listen({ automatic: false });
    held = { text: '', line: 0, column: 0, error: '', counts: [] };
    refusal = undefined;
    set.length = 0;
    proxy.onFrame = (client, frame) => {
      if (frame.hello) client.send({ welcome: proxy.welcome() });
      if (frame.setRules) {
        set.push(frame.setRules.text);
        const lines = frame.setRules.text.split('\n').filter(Boolean);
        if (!refusal)
          held = {
            ...held,
            text: frame.setRules.text,
            counts: lines.map((rule, i) => ({ rule, applied: 0, line: i + 1 })),
          };
      }
      if (frame.setRules || frame.listRules) client.send({ rules: { ...held, ...(frame.setRules && refusal) } });
    };
  });
  afterEach(async () => {
    await proxy.close();
    fs.rmSync(folder, { recursive: true });
  });

  it('sets the rules of a file, byte for byte, after the proxy was started', async () => {
    const text = 'block host:ä.example\ndelay 200ms *\n';
    fs.writeFileSync(file, text);
    let started = 0;
    const cli = new TestCli(proxy.path, { ensure: async () => void started++ });
    assert.equal(await cli.run('rules', 'set', file), 0);
    assert.deepEqual(set, [text]);
    assert.equal(started, 1);
    assert.match(cli.stdout.text, /^2 rules are in force for flows that open from now on\.\n$/);
  });

  it('says where a rule is wrong, and that nothing was changed', async () => {
    fs.writeFileSync(file, '\nblok *\n');
    refusal = { line: 2, column: 1, error: 'There is no action "blok". Did you mean "block"?' };
    const cli = new TestCli(proxy.path);
    assert.equal(await cli.run('rules', 'set', file), 1);
    assert.equal(cli.stdout.text, '');
    assert.ok(cli.stderr.text.startsWith(`flowtap: ${file}:2:1: There is no action "blok". Did you mean "block"?\n`));
    assert.match(cli.stderr.text, /Nothing was changed/);
  });

  it('says why a proxy takes no rules', async () => {
    fs.writeFileSync(file, 'block *');
    refusal = { error: 'example applies no rules to flows' };
    const cli = new TestCli(proxy.path);
    assert.equal(await cli.run('rules', 'set', file), 1);
    assert.equal(cli.stderr.text, 'flowtap: example applies no rules to flows\n');
  });

  it('does not start a proxy for a file that cannot be read', async () => {
    const cli = new TestCli(proxy.path, { ensure: () => Promise.reject(new Error('must not be called')) });
    assert.equal(await cli.run('rules', 'set', path.join(folder, 'none')), 2);
    assert.match(cli.stderr.text, /cannot read .*none: no such file\nGive a rules file/);
    assert.equal(await new TestCli(proxy.path).run('rules', 'set'), 2);
  });

  it('lists rules with the flows that opened under each', async () => {
    held = { ...held, text: '# x\nblock a\n', counts: [{ rule: 'block a\u001b', applied: 12, line: 2 }] };
    const json = new TestCli(proxy.path);
    assert.equal(await json.run('rules', 'list', '--json'), 0);
    assert.deepEqual(json.jsonLines, [
      { text: '# x\nblock a\n', rules: [{ line: 2, rule: 'block a\u001b', flows: 12 }] },
    ]);
    const text = new TestCli(proxy.path);
    assert.equal(await text.run('rules', 'list'), 0);
    assert.equal(text.stdout.text, 'LINE  FLOWS  RULE\n   2     12  block a\ufffd\n');
  });

  it('takes all rules back', async () => {
    held = { ...held, text: 'block a\n', counts: [{ rule: 'block a', applied: 0, line: 1 }] };
    const cli = new TestCli(proxy.path);
    assert.equal(await cli.run('rules', 'clear'), 0);
    assert.deepEqual(set, ['']);
    assert.equal(cli.stdout.text, 'One rule was taken back.\n');
  });

  it('has no rules where no proxy runs, and starts none to say so', async () => {
    const overrides = { ensure: () => Promise.reject(new Error('must not be called')) };
    for (const [args, said] of [
      [['list'], 'No rules are in force.\n'],
      [['list', '--json'], '{"text":"","rules":[]}\n'],
      [['clear'], 'No rules are in force.\n'],
    ] as const) {
      const cli = new TestCli(`${proxy.path}.none`, overrides);
      assert.equal(await cli.run('rules', ...args), 0);
      assert.equal(cli.stdout.text, said);
    }
  });
});
