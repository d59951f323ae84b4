// The proxy on macOS, by an app that says what the test tells it to.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { tarOf } from '../../../scripts/lib/tar.mjs';
import { brokenStage, runApp, stageNames } from '../../../src/proxy/app.ts';
import { appPlace, extensionEndpoints, requirementFor } from '../../../src/proxy/appBundle.ts';
import { appWay, type Connect } from '../../../src/proxy/appWay.ts';
import { installApp, removeApp } from '../../../src/proxy/installApp.ts';
import { ProblemError, type ProblemCode } from '../../../src/proxy/problems.ts';
import { allOk, brokenAt, FakeApp, stage } from '../../support/fake-app.ts';

const rejectsWith = (promise: Promise<unknown>, code: ProblemCode, text = /./): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.problem.code, code);
    assert.match(error.problem.text, text);
    return true;
  });

describe('the app on macOS', () => {
  let app: FakeApp;
  beforeEach(() => (app = new FakeApp()));
  afterEach(() => app.dispose());

  it('tells its stages as they come, and that all are in order', async () => {
    app.answers('status', allOk);
    const told: string[] = [];
    const answer = await runApp(app.place.program, 'status', { onStage: ({ stage: name }) => told.push(name) });
    assert.deepEqual(told, [...stageNames]);
    assert.ok(answer.ok && answer.problem === undefined && brokenStage(answer.stages) === undefined);
  });

  it('tells the first broken stage in its own words, with the setting that puts it right', async () => {
    const open = 'x-apple.systempreferences:com.apple.ExtensionsPreferences';
    app.answers('start', brokenAt('approved', 'waiting', { text: 'It waits.', next: 'Click there.', open }), 3);
    const { problem, stages } = await runApp(app.place.program, 'start');
    assert.deepEqual(problem, { code: 'app-waits', text: 'It waits.', next: 'Click there.' });
    assert.deepEqual([brokenStage(stages)?.stage, brokenStage(stages)?.open], ['approved', open]);
  });

  it('takes the last word on a stage, and an error that belongs to none', async () => {
    app.answers(
      'activate',
      [stage('approved', 'waiting'), stage('approved'), { result: 'failed', text: 'No.', next: 'Yes.' }],
      1,
    );
    const { problem, stages } = await runApp(app.place.program, 'activate');
    assert.equal(brokenStage(stages), undefined);
    assert.deepEqual(problem, { code: 'app-stage', text: 'No.', next: 'Yes.' });
  });

  it('opens nothing but System Settings, whatever it says', async () => {
    app.answers('status', brokenAt('approved', 'waiting', { open: 'https://example.com' }), 3);
    assert.equal(brokenStage((await runApp(app.place.program, 'status')).stages)?.open, '');
  });

  it('is not believed where it makes no sense', async () => {
    app.does(
      'status',
      'echo "objc[1]: hello"; echo "[]"; echo "null"; echo \'{"stage":"moon","state":"ok"}\'; echo broken >&2; exit 9',
    );
    await rejectsWith(runApp(app.place.program, 'status'), 'app-silent', /ended with 9: broken/);
    app.does('status', 'yes x | head -c 2000000; echo \'{"result":"ok"}\'');
    await rejectsWith(runApp(app.place.program, 'status'), 'app-silent');
    await rejectsWith(runApp(path.join(app.folder, 'none'), 'status'), 'needs-app');
  });

  it('is ended where the user cancels', async () => {
    app.does('start', 'exec sleep 1000');
    const cancel = new AbortController();
    const running = runApp(app.place.program, 'start', { signal: cancel.signal });
    cancel.abort();
    await rejectsWith(running, 'app-cancelled');
  });
});

describe("the extension's endpoint", () => {
  let app: FakeApp;
  beforeEach(() => (app = new FakeApp('TEAMTEAM12.dev.flowtap.12', '12')));
  afterEach(() => app.dispose());

  const connectTo =
    (serving: Readonly<Record<string, 'EREFUSED' | 'EPROTOCOL' | 'ok'>>, asked: unknown[] = []): Connect =>
    (way) => {
      asked.push(way);
      const found = serving[way.name] ?? 'ENOSERVICE';
      return found === 'ok'
        ? Promise.resolve(new net.Socket())
        : Promise.reject(Object.assign(new Error(found), { code: found }));
    };

  it('is read from the installed extensions, the newest first, then from the one in the app', async () => {
    app.install('A', 'TEAMTEAM12.dev.flowtap.9', '9');
    app.install('B', 'TEAMTEAM12.dev.flowtap.10', '10');
    mkdirSync(path.join(app.place.installed, 'C/other.systemextension'), { recursive: true });
    const endpoints = (await extensionEndpoints(app.place)).map(({ build }) => build);
    assert.deepEqual(endpoints, ['10', '9', '12']);
    app.install('D', 'TEAMTEAM12.dev.flowtap.12', '12');
    assert.deepEqual(
      (await extensionEndpoints(app.place)).map(({ build }) => build),
      ['12', '10', '9'],
    );
  });

  it('is not taken from what is no property list', async () => {
    app.install('A', 'x', '1');
    writeFileSync(
      path.join(app.place.installed, 'A/dev.flowtap.app.proxy.systemextension/Contents/Info.plist'),
      'rubbish',
    );
    assert.equal((await extensionEndpoints(app.place)).length, 1);
  });

  it('must be of the team that its name begins with', () => {
    assert.match(
      requirementFor('TEAMTEAM12.dev.flowtap.9'),
      /^anchor apple generic and certificate leaf\[subject\.OU\] = "TEAMTEAM12"$/,
    );
    assert.equal(requirementFor('group.dev.flowtap'), '');
  });

  it('is asked with the token of the moment; a build that answers no more is passed over', async () => {
    app.install('A', 'TEAMTEAM12.dev.flowtap.13', '13');
    const asked: { name: string; token: string }[] = [];
    let token = '';
    const way = appWay(app.place, async () => token, connectTo({ 'TEAMTEAM12.dev.flowtap.12': 'ok' }, asked));
    (await way.connect()).destroy();
    token = 'given later';
    (await way.connect()).destroy();
    assert.deepEqual(
      asked.map(({ name, token: with_ }) => [name.slice(-2), with_]),
      [
        ['13', ''],
        ['12', ''],
        ['13', 'given later'],
        ['12', 'given later'],
      ],
    );
  });

  it('tells apart: nobody there, not allowed, something else', async () => {
    const way = (serving: Parameters<typeof connectTo>[0]) =>
      appWay(app.place, async () => '', connectTo(serving)).connect();
    await assert.rejects(way({}), { code: 'ENOSERVICE' });
    await rejectsWith(way({ 'TEAMTEAM12.dev.flowtap.12': 'EREFUSED' }), 'needs-grant');
    await assert.rejects(way({ 'TEAMTEAM12.dev.flowtap.12': 'EPROTOCOL' }), { code: 'EPROTOCOL' });
    app.dispose();
    await assert.rejects(way({}), { code: 'ENOSERVICE' });
  });

  it('can be of another app, for development', () => {
    assert.equal(appPlace({}).program, '/Applications/Flowtap.app/Contents/MacOS/Flowtap');
    assert.equal(appPlace({ FLOWTAP_APP: '/tmp/F.app' }).program, '/tmp/F.app/Contents/MacOS/Flowtap');
  });
});

describe('installing the app', () => {
  let packed: FakeApp;
  let target: FakeApp;
  let archive: string;
  beforeEach(() => {
    packed = new FakeApp('TEAMTEAM12.dev.flowtap.20', '20');
    archive = path.join(packed.folder, 'Flowtap.app.tar.gz');
    writeFileSync(archive, gzipSync(tarOf(packed.place.bundle, { mtime: 0 })));
    target = new FakeApp('TEAMTEAM12.dev.flowtap.19', '19');
  });
  afterEach(() => {
    packed.dispose();
    target.dispose();
  });
  const build = async (): Promise<string | undefined> => (await extensionEndpoints(target.place))[0]?.build;
  /** What stands beside the app. */
  const others = (): string[] =>
    readdirSync(target.folder).filter((name) => name.includes('flowtap-') || name.includes('removed'));

  it('puts the app in the place of the one before; undo brings that back', async () => {
    const installed = await installApp(archive, target.place);
    assert.equal(await build(), '20');
    assert.match(readFileSync(target.place.program, 'utf8'), /^#!/);
    await installed.undo();
    assert.equal(await build(), '19');
    assert.deepEqual(others(), []);
  });

  it('leaves nothing behind where it is kept, and nothing at all where it is undone after none', async () => {
    assert.ok(await removeApp(target.place));
    assert.ok(!(await removeApp(target.place)));
    await (await installApp(archive, target.place)).undo();
    assert.ok(!existsSync(target.place.bundle));
    await (await installApp(archive, target.place)).keep();
    assert.equal(await build(), '20');
    assert.deepEqual(others(), []);
  });

  it('changes nothing where the archive is damaged, is no app, or the folder cannot be written', async () => {
    const whole = readFileSync(archive);
    writeFileSync(archive, whole.subarray(0, whole.length / 2));
    await rejectsWith(installApp(archive, target.place), 'app-install');
    writeFileSync(archive, gzipSync(tarOf(packed.place.installed.replace('SystemExtensions', 'lines'), { mtime: 0 })));
    await rejectsWith(installApp(archive, target.place), 'app-install');
    await rejectsWith(installApp(archive, { ...target.place, bundle: '/nonexistent/Flowtap.app' }), 'app-install');
    assert.equal(await build(), '19');
    assert.deepEqual(others(), []);
  });
});
