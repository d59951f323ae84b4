import assert from 'node:assert/strict';
import { Command } from 'commander';
import { commands } from '../../../src/cli/commands.ts';
import { platformSupport } from '../../../src/proxy/platform.ts';
import { problem, ProblemError } from '../../../src/proxy/problems.ts';
import { TestCli } from '../../support/cli-context.ts';

const cli = (overrides?: ConstructorParameters<typeof TestCli>[1]): TestCli => new TestCli('/nowhere', overrides);

describe('command line', () => {
  it('helps', async () => {
    const c = cli();
    assert.equal(await c.run('--help'), 0);
    for (const name of ['run', 'watch', 'start', 'stop', 'status', 'export', 'lint', 'explain'])
      assert.match(c.stdout.text, new RegExp(`^ {2}${name} `, 'm'));
    assert.equal(c.stderr.text, '');
    for (const name of ['run', 'watch', 'status', 'export']) {
      const one = cli();
      assert.equal(await one.run(name, '--help'), 0);
      assert.match(one.stdout.text, new RegExp(`Usage: flowtap ${name}`));
      assert.ok(one.stdout.text.split('\n').every((line) => line.length <= 120));
    }
  });

  it('tells its version', async () => {
    const c = cli();
    assert.equal(await c.run('--version'), 0);
    assert.equal(c.stdout.text, '9.9.9\n');
  });

  for (const [args, status, text] of [
    [[], 2, /Usage: flowtap/],
    [['wath'], 2, /unknown command 'wath'[^]*watch/],
    [['watch', '--jsn'], 2, /unknown option '--jsn'[^]*--json/],
    [['status', 'extra'], 2, /too many arguments/],
    [['run'], 125, /missing required argument 'command'/],
    [['run', '--nonsense', 'true'], 125, /unknown option '--nonsense'/],
    [['run', '--json'], 125, /--json <file>.* missing/],
  ] as const)
    it(`does not understand "flowtap ${args.join(' ')}"`, async () => {
      const c = cli();
      assert.equal(await c.run(...args), status);
      assert.match(c.stderr.text, text);
      assert.equal(c.stdout.text, '');
    });

  it('says so where there can be no proxy', async () => {
    for (const [support, text] of [
      [platformSupport('win32', 'x64'), /win32 on x64[^]*Linux and macOS/],
      [platformSupport('darwin', 'arm64'), /Flowtap app/],
    ] as const)
      for (const [args, status] of [
        [['run', 'true'], 125],
        [['watch'], 1],
        [['start'], 1],
        [['stop'], 1],
      ] as const) {
        const c = cli({ support });
        assert.equal(await c.run(...args), status);
        assert.match(c.stderr.text, text);
      }
  });

  it('says what keeps the proxy from starting', async () => {
    const ensure = () => Promise.reject(new ProblemError(problem('program-missing', '/x/flowtapd')));
    for (const [args, status] of [
      [['run', 'true'], 125],
      [['watch'], 1],
      [['start'], 1],
    ] as const) {
      const c = cli({ ensure });
      assert.equal(await c.run(...args), status);
      assert.match(c.stderr.text, /^flowtap: .*\/x\/flowtapd.*\n.+\n$/);
      assert.equal(c.stdout.text, '');
    }
  });

  it('has each command once, under its own name', async () => {
    assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length);
    for (const { name, load } of commands) {
      const program = new Command().enablePositionalOptions();
      assert.equal((await load()).register(program, cli().context, () => {}).name(), name);
    }
  });
});
