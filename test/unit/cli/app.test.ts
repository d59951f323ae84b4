// The commands as they are on macOS: an app's command line and a proxy that sees every process, both stand-ins.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Mode, Platform } from '../../../gen/flow_pb.ts';
import { ensureApp, tokenOf } from '../../../src/cli/app.ts';
import type { StatusJson } from '../../../src/cli/commands/status.ts';
import type { App } from '../../../src/cli/context.ts';
import type { FlowJson } from '../../../src/flow/json.ts';
import { appWay } from '../../../src/proxy/appWay.ts';
import { platformSupport } from '../../../src/proxy/platform.ts';
import { TestCli } from '../../support/cli-context.ts';
import { allOk, brokenAt, FakeApp, stage } from '../../support/fake-app.ts';
import { connectTo, FakeProxy } from '../../support/fake-proxy.ts';

const endpoint = 'AAAAAAAAAA.dev.flowtap.7';
const stopped = brokenAt('connected', 'failed', {
  code: 'stopped',
  text: 'The proxy does not run.',
  next: 'Run: Flowtap start',
});
const waits = {
  code: 'awaiting-approval',
  text: 'The extension waits for your approval.',
  next: 'Open System Settings.',
};

describe('flowtap on macOS', () => {
  let fake: FakeApp;
  let app: App;
  let proxy: FakeProxy;
  beforeEach(async () => {
    fake = new FakeApp(endpoint);
    app = { place: fake.place, tokenFile: path.join(fake.folder, 'kept', 'token') };
    proxy = await FakeProxy.listen({
      welcome: { mode: Mode.transparentProxy, platform: Platform.macos, blindSpots: [] },
    });
  });
  afterEach(async () => {
    await proxy.close();
    fake.dispose();
  });

  /** The proxy lets in who shows the token "good". */
  function cli(env: NodeJS.ProcessEnv = { FLOWTAP_TOKEN: 'good' }, at: App = app): TestCli {
    const all = { PATH: process.env['PATH'], ...env };
    const connect: Parameters<typeof appWay>[2] = async ({ name, token }) => {
      assert.equal(name, endpoint);
      if (token !== 'good') throw Object.assign(new Error('no token that is granted'), { code: 'EREFUSED' });
      return connectTo(proxy.path);
    };
    const made: TestCli = new TestCli(proxy.path, {
      env: all,
      support: platformSupport('darwin', 'arm64'),
      app: at,
      programs: { folder: '', daemon: '', launcher: '/nowhere/launcher', addon: '', seesAll: true },
      proxy: appWay(at.place, () => tokenOf(at, all), connect, 'needs-grant-cli'),
      ensure: (signal) => ensureApp(made.context, at, signal),
    });
    return made;
  }
  const nowhere = (): App => ({
    ...app,
    place: { ...app.place, bundle: '/nowhere/F.app', program: '/nowhere/F.app/F' },
  });

  it('says what to do where the app is missing', async () => {
    for (const [args, status] of [
      [['start'], 1],
      [['stop'], 1],
      [['watch'], 1],
      [['grant'], 1],
      [['run', '--', 'true'], 125],
    ] as const) {
      const c = cli({}, nowhere());
      assert.equal(await c.run(...args), status, args[0]);
      assert.match(c.stderr.text, /there is no \/nowhere\/F\.app\.\n.*Install Flowtap Proxy.*make -C sysext install/);
    }
    const c = cli({}, nowhere());
    assert.equal(await c.run('status', '--json'), 1);
    const [found] = c.jsonLines as StatusJson[];
    assert.deepEqual([found?.state, found?.problem?.code, found?.stages], ['unreachable', 'app-missing', undefined]);
  });

  describe('start', () => {
    it('tells each stage, and what to do while it waits', async () => {
      fake.answers('start', [stage('installed'), stage('approved', 'waiting', waits), ...allOk]);
      const c = cli();
      assert.equal(await c.run('start'), 0);
      assert.match(
        c.stdout.text,
        /^ {2}installed ok\n {2}approved {2}waiting The extension waits for your approval\.\n +Open System Settings\.\n[^]* {2}flow-seen ok\nThe proxy runs\.\n$/,
      );
      assert.deepEqual(fake.calls, ['start']);
    });
    it('fails with the first broken stage and its remedy', async () => {
      fake.answers(
        'start',
        brokenAt('reachable', 'failed', { text: 'Nobody serves it.', next: 'Restart this Mac.' }),
        1,
      );
      const c = cli();
      assert.equal(await c.run('start'), 1);
      assert.match(c.stdout.text, / {2}reachable failed {2}Nobody serves it\.\n {2}flow-seen skipped\n$/);
      assert.equal(c.stderr.text, 'flowtap: Nobody serves it.\nRestart this Mac.\n');
    });
  });

  it('stops by the app', async () => {
    fake.answers('stop', [{ result: 'ok', text: 'The proxy is stopped.' }]);
    const c = cli();
    assert.equal(await c.run('stop'), 0);
    assert.equal(c.stdout.text, 'The proxy has stopped.\n');
    fake.answers('stop', [{ result: 'failed', text: 'It cannot be read.', next: 'Sign the app.' }], 1);
    const failing = cli();
    assert.equal(await failing.run('stop'), 1);
    assert.equal(failing.stderr.text, 'flowtap: It cannot be read.\nSign the app.\n');
  });

  describe('status', () => {
    const json = async (c: TestCli): Promise<[number, StatusJson]> => {
      const status = await c.run('status', '--json');
      return [status, c.jsonLines[0] as StatusJson];
    };
    it('describes a proxy that runs: stages, and what it says itself', async () => {
      fake.answers('status', allOk);
      proxy.status = { mode: Mode.transparentProxy, blindSpots: ['Some flows.'] };
      const [status, found] = await json(cli());
      assert.deepEqual([status, found.state, found.socket, found.problem], [0, 'running', endpoint, undefined]);
      assert.deepEqual([found.proxy?.mode, found.proxy?.platform], ['transparent-proxy', 'macos']);
      assert.deepEqual(
        found.stages?.map((each) => each.state),
        ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
      );
      const text = cli();
      assert.equal(await text.run('status'), 0);
      assert.match(
        text.stdout.text,
        /^The proxy runs\.\n {2}installed ok\n[^]* {2}flow-seen ok\n[^]*Mode +transparent-proxy\n[^]*Socket +AAAAAAAAAA\.dev\.flowtap\.7\n[^]*Some flows\.\n/,
      );
    });
    it('says how to be let in where it may not ask the proxy', async () => {
      fake.answers('status', allOk);
      const [status, found] = await json(cli({}));
      assert.deepEqual([status, found.state, found.problem?.code], [0, 'running', 'needs-grant-cli']);
      const text = cli({});
      assert.equal(await text.run('status'), 0);
      assert.match(
        text.stdout.text,
        /^The proxy runs\.\n[^]*flow-seen ok\n[^]*no token that is granted\n.*flowtap grant/,
      );
    });
    it('ends with 3 where the proxy is stopped, and with 1 where a stage is broken', async () => {
      fake.answers('status', stopped, 1);
      const [status, found] = await json(cli());
      assert.deepEqual([status, found.state, found.stages?.[3]?.code], [3, 'stopped', 'stopped']);
      fake.answers('status', brokenAt('approved', 'waiting', waits), 3);
      const text = cli();
      assert.equal(await text.run('status'), 1);
      assert.equal(
        text.stdout.text,
        `The proxy is not ready.
  installed ok
  approved  waiting The extension waits for your approval.
  enabled   skipped
  connected skipped
  reachable skipped
  flow-seen skipped
The extension waits for your approval.
Open System Settings.
`,
      );
    });
  });

  describe('grant', () => {
    it('keeps what the app grants, in place of the one before, and takes it back', async () => {
      fake.answers('grant', [{ result: 'ok', token: 'old' }]);
      fake.answers('revoke', [{ result: 'ok' }]);
      assert.equal(await cli({}).run('grant'), 0);
      fake.answers('grant', [{ result: 'ok', token: 'good' }]);
      const c = cli({});
      assert.equal(await c.run('grant'), 0);
      assert.ok(!c.stdout.text.includes('good'), 'the token is not shown');
      assert.equal(await tokenOf(app, {}), 'good');
      assert.equal(await tokenOf(app, { FLOWTAP_TOKEN: 'other' }), 'other');
      assert.equal(fs.statSync(app.tokenFile).mode & 0o777, 0o600);
      assert.equal(await cli({}).run('grant', '--revoke'), 0);
      assert.equal(await tokenOf(app, {}), '');
      assert.deepEqual(fake.calls, ['grant', 'grant', 'revoke old', 'revoke good']);
      const again = cli({});
      assert.equal(await again.run('grant', '--revoke'), 0);
      assert.match(again.stdout.text, /Nothing was granted/);
    });
    it('keeps nothing where the user declines', async () => {
      fake.answers('grant', [{ result: 'failed', text: 'You did not allow it.', next: 'Run it again.' }], 1);
      const c = cli({});
      assert.equal(await c.run('grant'), 1);
      assert.equal(c.stderr.text, 'flowtap: You did not allow it.\nRun it again.\n');
      assert.ok(!fs.existsSync(app.tokenFile));
    });
    it('has nothing to grant elsewhere', async () => {
      const c = new TestCli(proxy.path);
      assert.equal(await c.run('grant'), 0);
      assert.match(c.stdout.text, /Nothing has to be granted here/);
    });
  });

  describe('watch', () => {
    it('starts the proxy, shows its flows, and tells who is waited for', async () => {
      fake.answers('start', [stage('approved', 'waiting', waits), ...allOk]);
      const c = cli();
      const done = c.run('watch', '--json');
      await c.stderr.has(/watching: proxy \d+, version fake, mode transparent-proxy\n/);
      assert.match(c.stderr.text, /waits for your approval\.\nOpen System Settings\.\n/);
      while (![...proxy.clients].some((client) => client.subscribed)) await new Promise((r) => setTimeout(r, 1));
      proxy.end(proxy.open({ capture: '' }));
      await c.stdout.has(/"eof"/);
      c.signal('SIGINT');
      assert.equal(await done, 0);
      assert.deepEqual(fake.calls, ['start']);
    });
    it('uses the token that was kept, and says how to get one', async () => {
      fake.answers('start', allOk);
      const c = cli({});
      assert.equal(await c.run('watch'), 1);
      assert.match(c.stderr.text, /no token that is granted\n.*flowtap grant/);
      fs.mkdirSync(path.dirname(app.tokenFile), { mode: 0o700 });
      fs.writeFileSync(app.tokenFile, 'good\n', { mode: 0o600 });
      const letIn = cli({});
      const done = letIn.run('watch');
      await letIn.stderr.has(/watching/);
      letIn.signal('SIGINT');
      assert.equal(await done, 0);
      fs.chmodSync(app.tokenFile, 0o644);
      const open = cli({});
      assert.equal(await open.run('watch'), 1);
      assert.match(open.stderr.text, /others may read/);
    });
    it('can be ended while the user is waited for', async () => {
      fake.does('start', `echo '${JSON.stringify(stage('approved', 'waiting', waits))}'\nexec sleep 600\n`);
      const c = cli();
      const done = c.run('watch');
      await c.stderr.has(/waits for your approval/);
      c.signal('SIGTERM');
      assert.equal(await done, 1);
      assert.match(c.stderr.text, /cancelled/);
    });
  });

  describe('run', () => {
    let json = '';
    beforeEach(() => {
      json = path.join(fake.folder, 'flows.ndjson');
      fake.answers('start', allOk);
    });
    const flows = (): FlowJson[] =>
      fs
        .readFileSync(json, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((each) => JSON.parse(each) as FlowJson);
    const processOf = (pid: number, name: string, ...ancestors: number[]) => ({
      pid,
      name,
      path: `/bin/${name}`,
      arguments: [name],
      uid: 501,
      ancestors: ancestors.map((each) => ({ pid: each, name: '' })),
      signingId: '',
      teamId: '',
    });
    /** A command that notes its pid and whether it was given the token, and ends when the test says so. */
    const command = (): string[] => [
      'sh',
      '-c',
      `echo "$FLOWTAP_TOKEN" > ${fake.folder}/given; echo $$ > ${fake.folder}/p; mv ${fake.folder}/p ${fake.folder}/pid
       until [ -e ${fake.folder}/go ]; do sleep 0.02; done; exit 3`,
    ];
    async function pid(): Promise<number> {
      while (!fs.existsSync(`${fake.folder}/pid`)) await new Promise((r) => setTimeout(r, 2));
      return Number(fs.readFileSync(`${fake.folder}/pid`, 'utf8'));
    }

    it('shows the flows of what it runs, out of those of every process', async () => {
      proxy.open({ capture: '', process: processOf(7, 'mail', 1) });
      const c = cli();
      const done = c.run('run', '--json', json, '--', ...command());
      const root = await pid();
      const own = proxy.open({ capture: '', process: processOf(root, 'sh', process.pid) });
      const child = proxy.open({ capture: '', process: processOf(99_998, 'curl', 99_997, root, process.pid) });
      const other = proxy.open({ capture: '', process: processOf(9, 'sync', 1) });
      const orphan = proxy.open({ capture: '', process: processOf(99_999, 'late', 99_997, 1) });
      for (const id of [own, child, other, orphan]) proxy.end(id);
      fs.writeFileSync(`${fake.folder}/go`, '');
      assert.equal(await done, 3);
      assert.deepEqual(
        flows().map((flow) => flow.process.name),
        ['sh', 'curl', 'late'],
      );
      assert.equal(fs.readFileSync(`${fake.folder}/given`, 'utf8'), '\n');
      assert.equal(c.stderr.text, '');
    });

    it('filters, and sums up what is its own only', async () => {
      const c = cli();
      const done = c.run('run', '--filter', 'host:wanted.example', '--', ...command());
      const root = await pid();
      for (const [at, host] of [
        [root, 'wanted.example'],
        [root, 'other.example'],
        [9, 'wanted.example'],
      ] as const)
        proxy.end(proxy.open({ capture: '', host, process: processOf(at, 'x') }));
      fs.writeFileSync(`${fake.folder}/go`, '');
      assert.equal(await done, 3);
      assert.match(c.stderr.text, /flowtap: 1 flow,[^]*wanted\.example:443/);
      assert.doesNotMatch(c.stderr.text, /other\.example/);
    });

    it('ends as a shell does where the command cannot be run, and with 125 where nothing can be seen', async () => {
      const missing = cli();
      assert.equal(await missing.run('run', '--', '/nowhere/command'), 127);
      assert.match(missing.stderr.text, /\/nowhere\/command: command not found\n/);
      const folder = cli();
      assert.equal(await folder.run('run', '--', fake.folder), 126);
      fake.answers('start', brokenAt('approved', 'waiting', waits), 3);
      const unready = cli();
      assert.equal(await unready.run('run', '--', 'touch', `${fake.folder}/ran`), 125);
      assert.match(unready.stderr.text, /waits for your approval\.\nOpen System Settings\.\n/);
      fake.answers('start', allOk);
      const refused = cli({});
      assert.equal(await refused.run('run', '--', 'touch', `${fake.folder}/ran`), 125);
      assert.match(refused.stderr.text, /flowtap grant/);
      assert.ok(!fs.existsSync(`${fake.folder}/ran`), 'nothing was run');
    });
  });
});
