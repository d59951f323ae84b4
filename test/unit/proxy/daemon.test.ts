import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { RefusedCode } from '../../../gen/flow_pb.ts';
import { daemonStatus, ensureDaemon, stopDaemon } from '../../../src/proxy/daemon.ts';
import { execute } from '../../../src/proxy/execute.ts';
import type { Programs } from '../../../src/proxy/paths.ts';
import { ProblemError, type ProblemCode } from '../../../src/proxy/problems.ts';
import { connectTo, FakeProxy } from '../../support/fake-proxy.ts';
import { Scripts } from '../../support/scripts.ts';

const of = (code: ProblemCode, text: RegExp) => (error: unknown) =>
  error instanceof ProblemError && error.problem.code === code && text.test(error.problem.text);

describe('daemon', () => {
  let scripts: Scripts;
  beforeEach(() => (scripts = new Scripts()));
  afterEach(() => scripts.remove());

  const programs = (body: string): Programs => ({
    folder: scripts.folder,
    daemon: scripts.add('flowtapd', body),
    launcher: '',
    addon: '',
  });

  describe('starting it', () => {
    it('succeeds when flowtapd --ensure does', async () => {
      await ensureDaemon(programs('test "$*" = --ensure'));
    });
    it('passes the environment', async () => {
      await ensureDaemon(programs('test "$WANTED" = yes'), { env: { ...process.env, WANTED: 'yes' } });
    });
    it('fails with the reason that flowtapd gives', async () => {
      await assert.rejects(
        ensureDaemon(programs('echo "flowtapd: another user owns /tmp/x" >&2; exit 1')),
        of('start-failed', /another user owns/),
      );
      await assert.rejects(ensureDaemon(programs('exit 3')), of('start-failed', /status 3/));
      await assert.rejects(ensureDaemon(programs('kill -SEGV $$')), of('start-failed', /status 139/));
    });
    it('does not wait for what the daemon holds open', async () => {
      await ensureDaemon(programs('sleep 5 & echo $! > "$0.pid"'));
      process.kill(Number(fs.readFileSync(path.join(scripts.folder, 'flowtapd.pid'), 'utf8')));
    });
    it('gives up on a daemon that hangs, and ends it', async () => {
      const body = 'echo $$ > "$0.pid"; exec sleep 60';
      const pid = (): number => Number(fs.readFileSync(path.join(scripts.folder, 'flowtapd.pid'), 'utf8'));
      await assert.rejects(ensureDaemon(programs(body), { timeoutMs: 300 }), of('start-timeout', /0\.3 s/));
      for (let i = 0; i < 100; i++) {
        try {
          process.kill(pid(), 0);
        } catch {
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.fail('it still runs');
    });
    it('says which program is missing or cannot be run', async () => {
      const gone = { ...programs(''), daemon: path.join(scripts.folder, 'gone') };
      await assert.rejects(ensureDaemon(gone), of('program-missing', /\/gone/));
      const found = programs('');
      fs.chmodSync(found.daemon, 0o644);
      await assert.rejects(ensureDaemon(found), of('program-failed', /flowtapd.*EACCES/));
    });
  });

  it('takes down a program’s output, within bounds', async () => {
    const file = scripts.add('talk', 'echo out; echo err >&2; exit 5');
    assert.deepEqual(await execute(file, [], { timeoutMs: 5000 }), { status: 5, stdout: 'out\n', stderr: 'err\n' });
    const flood = scripts.add('flood', 'head -c 1000000 /dev/zero');
    assert.equal((await execute(flood, [], { timeoutMs: 5000 })).stdout.length, 64 * 1024);
  });

  describe('asking it', () => {
    const client = (connect: FakeProxy['connect']) => ({ client: 'test', build: '1', connect });
    let proxy: FakeProxy;
    beforeEach(async () => (proxy = await FakeProxy.listen()));
    afterEach(() => proxy.close());

    it('tells its status', async () => {
      proxy.status = { captures: 2 };
      const found = await daemonStatus(client(proxy.connect));
      assert.ok(found.kind === 'running');
      assert.deepEqual([found.welcome.build, found.status.captures], ['fake', 2]);
    });
    it('tells that there is none', async () => {
      const nowhere = client(() => connectTo(`${proxy.path}.none`));
      assert.deepEqual(await daemonStatus(nowhere), { kind: 'stopped' });
      assert.equal(await stopDaemon(nowhere), false);
    });
    it('tells why it cannot be asked', async () => {
      const refusing = await FakeProxy.listen({ automatic: false });
      refusing.onFrame = (c) =>
        c.send({ refused: { code: RefusedCode.peer, text: 'uid 7 is not uid 8', versions: [] } });
      const found = await daemonStatus(client(refusing.connect));
      assert.match(found.kind === 'unreachable' ? found.problem.text : '', /uid 7/);
      await assert.rejects(stopDaemon(client(refusing.connect)), of('refused', /uid 7/));
      await refusing.close();
    });
    it('stops it, and is done when it is gone', async () => {
      assert.equal(await stopDaemon(client(proxy.connect)), true);
      assert.deepEqual(await daemonStatus(client(proxy.connect)), { kind: 'stopped' });
    });
  });
});
