import assert from 'node:assert/strict';
import { Mode, RefusedCode } from '../../../gen/flow_pb.ts';
import type { StatusJson } from '../../../src/cli/commands/status.ts';
import { platformSupport } from '../../../src/proxy/platform.ts';
import { TestCli } from '../../support/cli-context.ts';
import { FakeProxy } from '../../support/fake-proxy.ts';
import { Scripts } from '../../support/scripts.ts';

const about = {
  platform: `${process.platform}-${process.arch}`,
  client: { version: '9.9.9' },
  socket: '/nowhere/flowtap/proxy.sock',
  log: '/nowhere/flowtap/log',
};

describe('flowtap status', () => {
  let proxy: FakeProxy;
  beforeEach(async () => (proxy = await FakeProxy.listen({ welcome: { mode: Mode.redirect, pid: 77 } })));
  afterEach(() => proxy.close());

  it('describes a proxy that runs', async () => {
    proxy.status = {
      mode: Mode.redirect,
      liveFlows: 1,
      totalFlows: 20,
      captures: 3,
      bodyBytes: 4,
      bodyBudget: 5,
      flowLimit: 6,
      bodyLimit: 7,
      startedAt: 1_763_930_881_123_456,
      blindSpots: ['UDP is not seen.'],
      text: 'note',
      refusedFlows: 8,
      clientLimit: 9,
      captureLimit: 10,
      queueLimit: 11,
      relayBytes: 12,
      relayBudget: 13,
      udpIdleSeconds: 14,
      rules: 15,
      openCaptures: [
        {
          name: 'run-1',
          mode: Mode.explicit,
          blindSpots: ['Some.'],
          fallback: 'Forbidden.',
          command: ['npm', 'test'],
          rootPid: 5,
          startedAt: 1_763_930_881_000_000,
        },
      ],
    };
    const json = new TestCli(proxy.path);
    assert.equal(await json.run('status', '--json'), 0);
    assert.deepEqual(json.jsonLines, [
      {
        state: 'running',
        ...about,
        proxy: {
          pid: 77,
          version: 'fake',
          wire: 1,
          platform: 'linux',
          mode: 'redirect',
          capabilities: ['rules', 'probe'],
          blindSpots: ['UDP is not seen.'],
          startedAt: '2025-11-23T20:48:01.123456Z',
          captures: 3,
          openCaptures: [
            {
              name: 'run-1',
              pid: 5,
              command: ['npm', 'test'],
              mode: 'explicit',
              fallback: 'Forbidden.',
              blindSpots: ['Some.'],
              startedAt: '2025-11-23T20:48:01.000000Z',
            },
          ],
          subscribers: 0,
          flows: { live: 1, total: 20, refused: 8, limit: 6 },
          bodies: { held: 4, budget: 5, limit: 7 },
          relay: { held: 12, budget: 13 },
          limits: { clients: 9, captures: 10, queue: 11, udpIdleSeconds: 14 },
          rules: 15,
          notice: 'note',
        },
      },
    ]);
    const text = new TestCli(proxy.path);
    assert.equal(await text.run('status'), 0);
    assert.match(
      text.stdout.text,
      /runs\.\n {2}Process +77, up[^]*Mode +redirect\n[^]*Capture +mode explicit, pid 5: npm test\n[^]*8 not admitted\n[^]*UDP is not seen\.\n[^]*note\n/,
    );
  });

  it('shows what would steer a terminal instead of obeying it', async () => {
    proxy.status = { text: 'a\u001b[2Jb' };
    const c = new TestCli(proxy.path);
    await c.run('status');
    assert.match(c.stdout.text, /Notice +a\ufffd\[2Jb\n/);
  });

  it('tells that none runs', async () => {
    const json = new TestCli(`${proxy.path}.none`);
    assert.equal(await json.run('status', '--json'), 3);
    assert.deepEqual(json.jsonLines, [{ state: 'stopped', ...about }]);
    const text = new TestCli(`${proxy.path}.none`);
    assert.equal(await text.run('status'), 3);
    assert.match(text.stdout.text, /No proxy is running\.\n.*flowtap start/);
  });

  it('tells why one cannot be reached', async () => {
    const refusing = await FakeProxy.listen({ automatic: false });
    refusing.onFrame = (c) => c.send({ refused: { code: RefusedCode.peer, text: 'uid 7', versions: [] } });
    const json = new TestCli(refusing.path);
    assert.equal(await json.run('status', '--json'), 1);
    const [found] = json.jsonLines as { state: string; problem: { code: string; text: string; next: string } }[];
    assert.equal(found?.state, 'unreachable');
    assert.match(found.problem.text, /uid 7/);
    await refusing.close();
  });

  it('tells that this platform has none', async () => {
    const json = new TestCli(proxy.path, { support: platformSupport('win32', 'x64') });
    assert.equal(await json.run('status', '--json'), 1);
    const [found] = json.jsonLines as { state: string; problem: { code: string } }[];
    assert.deepEqual([found?.state, found?.problem.code], ['unsupported', 'platform-unsupported']);
  });

  it('tells how the next capture would work, as the launcher finds it', async () => {
    const scripts = new Scripts();
    const blindSpots = ['UDP is not seen.'];
    const answer = { mode: 'explicit', blindSpots, problem: { code: 'x', text: 'Forbidden.\nAllow it:' } };
    const launcher = scripts.add(
      'launcher',
      `test "$*" = --check && echo '${JSON.stringify(answer).replace('\\n', '\\\\n')}'`,
    );
    const programs = { folder: '', daemon: '', addon: '', launcher };
    const told = { mode: 'explicit', blindSpots };
    const stopped = new TestCli(`${proxy.path}.none`, { programs });
    assert.equal(await stopped.run('status', '--json'), 3);
    const [{ newCaptures }] = stopped.jsonLines as [StatusJson];
    assert.deepEqual(
      { ...newCaptures, problem: newCaptures?.problem?.text },
      { ...told, problem: answer.problem.text },
    );
    proxy.status = { mode: Mode.tproxy, blindSpots: ['Some.'] };
    const idle = new TestCli(proxy.path, { programs });
    await idle.run('status', '--json');
    const of = ([found]: readonly unknown[]) => (found as StatusJson).proxy;
    assert.deepEqual([of(idle.jsonLines)?.mode, of(idle.jsonLines)?.blindSpots], ['explicit', blindSpots]);
    const text = new TestCli(proxy.path, { programs });
    await text.run('status');
    assert.match(text.stdout.text, /Mode +explicit\n[^]*\nForbidden\.\nAllow it:\n$/);
    // Of one that is open, the proxy knows it better.
    proxy.status = { mode: Mode.tproxy, blindSpots: ['Some.'], captures: 1 };
    const busy = new TestCli(proxy.path, { programs });
    await busy.run('status', '--json');
    assert.deepEqual([of(busy.jsonLines)?.mode, of(busy.jsonLines)?.blindSpots], ['tproxy', ['Some.']]);
    const start = new TestCli(proxy.path, { programs });
    proxy.status = {};
    await start.run('start');
    assert.match(start.stdout.text, /, mode explicit\.$/m);
    scripts.remove();
  });

  it('is followed by start and stop', async () => {
    const start = new TestCli(proxy.path);
    assert.equal(await start.run('start'), 0);
    assert.equal(start.stdout.text, 'The proxy runs: pid 77, version fake, mode tproxy.\n');
    const stop = new TestCli(proxy.path);
    assert.equal(await stop.run('stop'), 0);
    assert.equal(stop.stdout.text, 'The proxy has stopped.\n');
    const again = new TestCli(proxy.path);
    assert.equal(await again.run('stop'), 0);
    assert.equal(again.stdout.text, 'No proxy was running.\n');
  });
});
