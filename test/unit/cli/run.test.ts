import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { CloseReason } from '../../../gen/flow_pb.ts';
import { StreamOutput } from '../../../src/cli/output.ts';
import type { FlowJson } from '../../../src/flow/json.ts';
import { brokenPipe, TestCli } from '../../support/cli-context.ts';
import { FakeProxy } from '../../support/fake-proxy.ts';
import { Scripts } from '../../support/scripts.ts';

describe('flowtap run', () => {
  let proxy: FakeProxy;
  let scripts: Scripts;
  let json = '';
  beforeEach(async () => {
    proxy = await FakeProxy.listen();
    scripts = new Scripts();
    json = path.join(scripts.folder, 'flows.ndjson');
  });
  afterEach(async () => {
    await proxy.close();
    scripts.remove();
  });

  /** With a launcher that captures nothing: it notes its arguments and becomes the command. */
  function cli(
    launcher = 'printf "%s\\n" "$@" > "$0.args"; while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
  ): TestCli {
    const programs = { folder: '', daemon: '', addon: '', launcher: scripts.add('launcher', launcher) };
    return new TestCli(proxy.path, { programs });
  }
  const flows = (): FlowJson[] =>
    fs
      .readFileSync(json, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as FlowJson);
  /** Something the command waits for. */
  const go = (): string => path.join(scripts.folder, 'go');
  const waiting = (status = 0): string[] => ['sh', '-c', `until [ -e ${go()} ]; do sleep 0.02; done; exit ${status}`];
  async function subscribed(): Promise<void> {
    while (![...proxy.clients].some((c) => c.subscribed)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('runs the command by the launcher, subscribed to a capture of its own', async () => {
    const c = cli();
    const done = c.run('run', '--json', json, '--', 'sh', '-c', 'exit 5', '--', '--json');
    await subscribed();
    const [client] = proxy.clients;
    const name = client?.frames.find((f) => f.subscribe)?.subscribe?.capture;
    assert.equal(await done, 5);
    const args = fs.readFileSync(path.join(scripts.folder, 'launcher.args'), 'utf8').split('\n');
    assert.deepEqual(args, ['--capture', name, '--end-with-parent', '--', 'sh', '-c', 'exit 5', '--', '--json', '']);
    assert.equal(c.stderr.text, '');
  });

  it('needs no "--" where the command comes first', async () => {
    const c = cli();
    assert.equal(await c.run('run', 'sh', '-c', 'exit 6'), 6);
    assert.match(c.stderr.text, /0 flows/);
  });

  it('writes each flow when it ends', async () => {
    const c = cli();
    const done = c.run('run', '--json', json, '--', ...waiting(3));
    await subscribed();
    const id = proxy.open();
    proxy.end(id, { bytesUp: 5, bytesDown: 6 });
    while (flows().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    fs.writeFileSync(go(), '');
    assert.equal(await done, 3);
    assert.deepEqual(
      flows().map((f) => [f.bytesUp, f.bytesDown, f.reason]),
      [[5, 6, 'eof']],
    );
  });

  it('waits a little for flows that are about to end', async () => {
    const c = cli();
    const done = c.run('run', '--json', json, '--', ...waiting());
    await subscribed();
    const id = proxy.open();
    proxy.onFrame = (_client, frame) => {
      if (frame.getStatus) setTimeout(() => proxy.end(id), 100);
    };
    fs.writeFileSync(go(), '');
    await done;
    assert.deepEqual(
      flows().map((f) => f.reason),
      ['eof'],
    );
  });

  it('tells what the payload says, of the flows that match, and saves them', async () => {
    const c = cli();
    const capture = path.join(scripts.folder, 'flows.pcapng');
    const done = c.run('run', '--json', json, '--save', capture, '--filter', 'status:404', '--', ...waiting());
    await subscribed();
    const [client] = proxy.clients;
    assert.equal(client?.frames.find((f) => f.subscribe)?.subscribe?.bodyLimit, 16_384);
    for (const status of [200, 404]) {
      const id = proxy.open({ host: '' });
      proxy.data(id, 'up', 'GET /x HTTP/1.1\r\nHost: api.example\r\n\r\n');
      proxy.data(id, 'down', `HTTP/1.1 ${status} Said\r\nContent-Length: 0\r\n\r\n`);
      proxy.end(id);
    }
    fs.writeFileSync(go(), '');
    assert.equal(await done, 0);
    assert.deepEqual(
      flows().map((f) => [f.destination.host, f.application]),
      [['api.example', { protocol: 'http', summary: 'GET /x 404' }]],
    );
    const saved = fs.readFileSync(capture);
    assert.ok(saved.includes('HTTP/1.1 404') && !saved.includes('HTTP/1.1 200'));
  });

  it('runs nothing where the filter or the file to save cannot be used', async () => {
    for (const [args, message] of [
      [['--filter', 'status>=many'], /not understood.*\n {2}status>=many\n {2} +\^+\n/],
      [['--save', path.join(scripts.folder, 'flows.txt')], /\.pcapng, \.har, \.jsonl/],
      [['--save', '/nowhere/flows.har'], /cannot write \/nowhere\/flows\.har/],
    ] as const) {
      const c = cli();
      assert.equal(await c.run('run', ...args, '--', 'true'), 125);
      assert.match(c.stderr.text, message);
    }
    assert.ok(!fs.existsSync(path.join(scripts.folder, 'launcher.args')));
  });

  it('shows flows that go on as open', async () => {
    const c = cli();
    const done = c.run('run', '--json', json, '--', ...waiting());
    await subscribed();
    proxy.open();
    fs.writeFileSync(go(), '');
    assert.equal(await done, 0);
    assert.deepEqual(
      flows().map((f) => [f.state, 'reason' in f, 'closedAt' in f]),
      [['open', false, false]],
    );
  });

  it('does not wait when it is told to end', async () => {
    const c = cli();
    const done = c.run('run', '--', ...waiting(9));
    await subscribed();
    proxy.open();
    let asked = 0;
    proxy.onFrame = (_client, frame) => {
      if (frame.getStatus && ++asked === 2) c.signal('SIGTERM');
    };
    fs.writeFileSync(go(), '');
    const before = process.hrtime.bigint();
    assert.equal(await done, 9);
    assert.ok(process.hrtime.bigint() - before < 5_000_000_000n);
  });

  it('shows a table, and what failed', async () => {
    const c = cli();
    const done = c.run('run', '--', ...waiting());
    await subscribed();
    proxy.end(proxy.open({ host: '' }), { bytesUp: 10, bytesDown: 2_000_000 });
    proxy.end(proxy.open(), { reason: CloseReason.refused, errorText: 'Connection refused' });
    fs.writeFileSync(go(), '');
    await done;
    const [, sum, head, first, second, ...rest] = c.stderr.text.split('\n');
    assert.equal(sum, 'flowtap: 2 flows, 1 failed, 10 B up, 2.0 MB down');
    assert.match(head ?? '', /^PROCESS +PID +PROTOCOL +DESTINATION +UP +DOWN +DURATION +STATE$/);
    assert.match(first ?? '', /^curl +4242 +tcp +93\.184\.216\.34:443 +10 B +2\.0 MB .* eof$/);
    assert.match(second ?? '', /^curl +4242 +tcp +example\.com:443 .* refused \(Connection refused\)$/);
    assert.deepEqual(rest, ['']);
  });

  it('says so when the proxy goes away, and still ends as the command does', async () => {
    const c = cli();
    const done = c.run('run', '--json', json, '--', ...waiting(4));
    await subscribed();
    proxy.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await proxy.close();
    await c.stderr.has(/connection to the proxy broke/);
    fs.writeFileSync(go(), '');
    assert.equal(await done, 4);
    assert.deepEqual(
      flows().map((f) => f.reason),
      ['lost'],
    );
  });

  it('leaves the reasons of the launcher to the launcher', async () => {
    const c = cli('exit 125');
    assert.equal(await c.run('run', '--', 'true'), 125);
    assert.equal(c.stderr.text, '');
  });

  it('ends with 125 where the launcher is missing', async () => {
    const programs = { folder: '', daemon: '', addon: '', launcher: '/nowhere/flowtap-run' };
    const c = new TestCli(proxy.path, { programs });
    assert.equal(await c.run('run', '--', 'true'), 125);
    assert.match(c.stderr.text, /\/nowhere\/flowtap-run[^]*npm run build/);
  });

  it('ends with 125 where the file cannot be written', async () => {
    const c = cli();
    assert.equal(await c.run('run', '--json', scripts.folder, '--', 'true'), 125);
    assert.match(c.stderr.text, new RegExp(`cannot write ${scripts.folder}: EISDIR.*\n.*another file`));
    assert.ok(!fs.existsSync(path.join(scripts.folder, 'launcher.args')), 'nothing was run');
  });

  it('goes on when the reader of its JSON leaves', async () => {
    const c = cli();
    const launcher = c.context.programs.launcher;
    const broken = new TestCli(proxy.path, {
      programs: { folder: '', daemon: '', addon: '', launcher },
      stdout: new StreamOutput(brokenPipe()),
    });
    const done = broken.run('run', '--json', '-', '--', ...waiting(8));
    await subscribed();
    proxy.end(proxy.open());
    proxy.end(proxy.open());
    fs.writeFileSync(go(), '');
    assert.equal(await done, 8);
    assert.equal(broken.stderr.text, '');
  });
});
