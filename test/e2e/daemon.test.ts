// The daemon's life: one per user, on demand, orderly and disorderly ends, limits; and clients of every kind.
import assert from 'node:assert/strict';
import { spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloseReason, RefusedCode } from '../../gen/flow_pb.ts';
import { programsIn } from '../../src/proxy/paths.ts';
import { eventually, missing, root, TestDaemon, WireClient, skipFor } from '../support/daemon.ts';

const probe = { probe: { nonce: 7 } };
const stop = { stop: {} };

describe('the daemon', function () {
  this.timeout(300_000);
  let daemon: TestDaemon;
  let server: net.Server;
  let port = 0;
  const sockets = new Set<Socket>();
  /** What the server does with a connection. */
  let behave: (socket: Socket) => void;
  const echo = (s: Socket): void => void s.on('data', (d) => s.write(d)).on('end', () => s.end());

  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => {
    daemon = new TestDaemon();
    behave = echo;
    server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      behave(socket);
    });
    server.listen(0, '127.0.0.1', 4096);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await daemon.dispose();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  /** A captured program that opens connections, says how many are open, and keeps them. */
  function holdOpen(count: number): { child: ChildProcess; open: () => number; failed: () => number } {
    const child = daemon.capture([
      process.execPath,
      '-e',
      `let open = 0, failed = 0; const tell = () => console.log(open + ' ' + failed);
      for (let i = 0; i < ${count}; i++) require('net').connect(${port}, '127.0.0.1', function () { this.write('x'); })
        .once('data', () => { open++; tell(); }).on('error', () => {}).on('close', () => { failed++; tell(); });`,
    ]);
    let text = '';
    child.stdout!.on('data', (d) => (text += String(d)));
    const last = (): number[] => (text.trim().split('\n').at(-1) || '0 0').split(' ').map(Number);
    return { child, open: () => last()[0]!, failed: () => last()[1]! };
  }

  describe('starts and ends', () => {
    it('is one per user, however many start it at once', async () => {
      const starts = await Promise.all(
        Array.from({ length: 12 }, () =>
          daemon.result(daemon.spawn(daemon.daemonCommand(['--ensure', '--idle-exit', '30']))),
        ),
      );
      assert.deepEqual(
        starts.map((s) => [s.status, s.stderr]),
        Array.from({ length: 12 }, () => [0, '']),
      );
      const client = await daemon.client().hello();
      const pid = client.frames[0]?.welcome?.pid ?? 0;
      const second = await daemon.result(daemon.spawn(daemon.daemonCommand([])));
      assert.equal(second.status, 1);
      assert.match(second.stderr, /already serves/);
      assert.equal(fs.readFileSync(path.join(daemon.runtime, 'log'), 'utf8').match(/ serves/g)?.length, 1);
      const modes = ['', 'proxy.sock', 'lock', 'log'].map(
        (name) => fs.statSync(path.join(daemon.runtime, name)).mode & 0o777,
      );
      assert.deepEqual(modes, [0o700, 0o600, 0o600, 0o600]);
      client.send(stop);
      await client.until('the end', () => client.ended);
      await eventually('its process is gone', () => !fs.existsSync(`/proc/${pid}`));
      assert.deepEqual(fs.readdirSync(daemon.runtime).toSorted(), ['lock', 'log']);
    });

    it('ends when idle, and not while somebody watches', async () => {
      await daemon.start(['--idle-exit', '1']);
      const subscriber = await daemon.subscriber();
      await delay(2500);
      assert.equal(daemon.process!.exitCode, null);
      subscriber.socket.destroy();
      await daemon.ended();
      assert.ok(!fs.existsSync(daemon.socketPath));
    });

    it('closes flows as proxy stopped on SIGTERM, tells clients, and leaves in order', async () => {
      await daemon.start();
      const subscriber = await daemon.subscriber();
      const held = holdOpen(20);
      await eventually('20 open', () => held.open() === 20);
      daemon.process!.kill('SIGTERM');
      await daemon.ended();
      await subscriber.until('the end', () => subscriber.ended);
      assert.deepEqual(
        subscriber.closed.map((c) => c.reason),
        Array.from({ length: 20 }, () => CloseReason.proxyStopped),
      );
      assert.match(subscriber.refusal, /stopping/);
      await eventually('the program sees it', () => held.failed() === 20);
    });

    it('leaves nothing behind when it is killed, and a new one takes over', async () => {
      await daemon.start();
      const subscriber = await daemon.subscriber();
      const held = holdOpen(5);
      await eventually('5 open', () => held.open() === 5);
      daemon.process!.kill('SIGKILL');
      await subscriber.until('the end', () => subscriber.ended);
      await eventually('the program sees it', () => held.failed() === 5);
      await eventually('the server sees it', () => sockets.size === 0);
      await eventually('the program ends', () => held.child.exitCode === 0);
      daemon.log = '';
      await daemon.start();
      assert.equal(
        await daemon.script(`net.connect(${port}, '127.0.0.1', function () { this.end('x'); print('in'); });`),
        'in',
      );
    });

    it('refuses a run-time folder that others can write to', async () => {
      fs.mkdirSync(daemon.runtime);
      fs.chmodSync(daemon.runtime, 0o777);
      const { status, stderr } = await daemon.result(daemon.spawn(daemon.daemonCommand(['--ensure'])));
      assert.equal(status, 1);
      assert.ok(stderr.includes(daemon.runtime), stderr);
    });

    it('tells its version, which is the package’s', () => {
      const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
      const { stdout } = spawnSync(path.join(root, 'out/asan/flowtapd'), ['--version'], { encoding: 'utf8' });
      assert.equal(stdout.trim(), `flowtapd ${version}`);
    });

    it('names an option it does not know', () => {
      const { status, stderr } = spawnSync(path.join(root, 'out/asan/flowtapd'), ['--max-flows', 'many'], {
        encoding: 'utf8',
      });
      assert.equal(status, 2);
      assert.match(stderr, /--max-flows needs a whole number from 1/);
    });
  });

  describe('captures', () => {
    it('serves several at once and tells them apart', async () => {
      await daemon.start();
      const all = await daemon.subscriber();
      const second = await daemon.subscriber({ capture: 'second' });
      const connect = [
        process.execPath,
        '-e',
        `require('net').connect(${port}, '127.0.0.1', function () { this.end('x'); });`,
      ];
      await Promise.all(['first', 'second', 'third'].map((name) => daemon.run(connect, ['--capture', name])));
      await all.until('three flows', () => all.closed.length === 3);
      assert.deepEqual(all.opened.map((o) => o.capture).toSorted(), ['first', 'second', 'third']);
      assert.deepEqual(
        second.opened.map((o) => o.capture),
        ['second'],
      );
    });

    it('goes on with a program that outlives the command and closed every descriptor', async () => {
      await daemon.start();
      const subscriber = await daemon.subscriber();
      const late = `sleep 3; exec 5<>/dev/tcp/127.0.0.1/${port}; echo late >&5`;
      const fds = `for fd in /proc/$BASHPID/fd/*; do fd=\${fd##*/}; [ $fd -gt 2 ] && eval "exec $fd>&-"; done`;
      const { status } = await daemon.run(['/bin/bash', '-c', `( ${fds}; ${late} ) </dev/null >/dev/null 2>&1 &`]);
      assert.equal(status, 0);
      const { opened } = await subscriber.flowTo(port);
      assert.equal(subscriber.text(opened.id, 1), 'late\n');
    });

    it('refuses flows above its limit, visibly, and keeps the others', async () => {
      await daemon.start(['--max-flows', '10']);
      const subscriber = await daemon.subscriber();
      const held = holdOpen(25);
      await eventually('all settled', () => held.open() === 10 && held.failed() === 15);
      await subscriber.until('all told', () => subscriber.opened.length === 25 && subscriber.closed.length === 15);
      assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.limit));
      assert.ok(subscriber.closed.every((c) => c.errorText === 'The limit of live flows is reached'));
      const before = subscriber.frames.length;
      subscriber.send({ getStatus: {} });
      await subscriber.until('a status', () => subscriber.frames.slice(before).some((f) => f.status));
      const { status } = subscriber.frames.findLast((f) => f.status)!;
      assert.deepEqual([status?.liveFlows, status?.refusedFlows, status?.flowLimit], [10, 15, 10]);
      // Nobody has to ask to learn of it.
      assert.ok(subscriber.frames.some((f) => f.status?.text.includes('new flows are refused')));
    });

    it('makes connections wait when it is out of descriptors, and loses none', async () => {
      // The shipped build: UBSan needs descriptors itself, to look at objects before they are used.
      daemon.program = programsIn(path.join(root, 'dist')).daemon;
      await daemon.start([], ['prlimit', '--nofile=100:100', '--']);
      const subscriber = await daemon.subscriber();
      // Each flow takes two descriptors, so less than half of these fit at a time.
      const code = `
        let done = 0; for (let i = 0; i < 120; i++) {
          const s = net.connect(${port}, '127.0.0.1', () => s.write('x'));
          s.once('data', () => setTimeout(() => s.end(), 100)).on('close', () => { if (++done === 120) print(done); });
          s.on('error', (e) => { throw e; });
        }`;
      assert.equal(await daemon.script(code), 120);
      await subscriber.until('all ended', () => subscriber.closed.length === 120);
      assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.eof));
      assert.ok(subscriber.opened.every((o) => o.process?.name === 'node'));
      assert.ok(
        subscriber.frames.some((f) => f.status?.text.includes('descriptors') || f.status?.text.includes('open files')),
      );
    });

    it('writes nothing of what was captured to its log', async () => {
      await daemon.start();
      const subscriber = await daemon.subscriber();
      await daemon.script(`net.connect(${port}, '127.0.0.1', function () { this.end('top secret'); });`);
      await subscriber.flowTo(port);
      await daemon.dispose();
      assert.doesNotMatch(daemon.log, /secret|127\.0\.0\.1/);
    });
  });

  describe('clients', () => {
    it('are welcomed, probed and told the status', async () => {
      await daemon.start();
      const client = await daemon.subscriber();
      client.send(probe);
      await client.until('the synthetic flow', () => client.closed.length === 1);
      assert.equal(client.text(client.opened[0]!.id, 1), '7');
    });

    it('of another version are refused with both versions named', async () => {
      await daemon.start();
      const client = await daemon.client().hello([9]);
      await client.until('the end', () => client.ended);
      assert.equal(client.frames[0]?.refused?.code, RefusedCode.version);
      assert.match(client.refusal, /version 9.*version 1/);
    });

    for (const [what, bytes] of [
      ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['a frame of 2 GiB', Buffer.from([0, 0, 0, 0x80, 1])],
      ['a frame of length 0', Buffer.alloc(4)],
      ['a frame that does not parse', WireClient.framed(Buffer.from([0x0a, 0x7f]))],
    ] as const)
      it(`that send ${what} are sent away with a reason, and nobody else notices`, async () => {
        await daemon.start();
        const other = await daemon.subscriber();
        const bad = daemon.client();
        bad.socket.write(bytes);
        await bad.until('the end', () => bad.ended);
        assert.equal(bad.frames[0]?.refused?.code, RefusedCode.protocol);
        other.send(probe);
        await other.until('an answer', () => other.closed.length === 1);
      });

    it('may come and go a thousand times, and in the middle of a frame', async () => {
      await daemon.start();
      const descriptors = (): number =>
        Number(spawnSync('sh', ['-c', `ls /proc/${daemon.process!.pid}/fd | wc -l`], { encoding: 'utf8' }).stdout);
      await daemon.subscriber();
      const before = descriptors();
      for (let i = 0; i < 1000; i++) {
        const client = daemon.client();
        client.socket.end(i % 2 ? Buffer.from([200, 0, 0, 0, 10]) : '');
        await once(client.socket, 'connect');
        client.socket.destroy();
      }
      await eventually('every descriptor is back', () => descriptors() === before);
      await daemon.subscriber();
    });

    it('that stop reading slow nothing down and are told what they missed', async () => {
      await daemon.start(['--queue', '262144', '--body-limit', '1000000']);
      const quick = await daemon.subscriber();
      const slow = await daemon.subscriber();
      slow.socket.pause();
      // 50 × 200 kB, echoed, and 2,000 short flows: more than queue and socket buffers hold.
      await daemon.script(`
        let left = 50; const body = Buffer.alloc(200000, 'x');
        const one = () => { let n = 0; const s = net.connect(${port}, '127.0.0.1', () => s.end(body));
          s.on('data', (d) => (n += d.length)).on('close', () => { if (n !== 200000) throw new Error(n); --left ? one() : short(2000); }); };
        const short = (k) => { if (!k) return print('done'); const s = net.connect(${port}, '127.0.0.1', () => s.end('x'));
          s.resume().on('close', () => short(k - 1)); };
        one();`);
      await quick.until('2,050 ends', () => quick.closed.length === 2050);
      const sum = (client: WireClient): { body: number; droppedBody: number; dropped: number } => {
        const total = { body: 0, droppedBody: 0, dropped: 0 };
        for (const frame of client.frames) {
          total.body += frame.data?.bytes.length ?? 0;
          total.droppedBody += frame.dropped?.bytes ?? 0;
          total.dropped += frame.dropped?.frames ?? 0;
        }
        return total;
      };
      // Each direction of each flow is below the limit, so all of it was to be told.
      const all = 50 * 2 * 200_000 + 2000 * 2;
      slow.socket.resume();
      await slow.until('all is told, or told as dropped', () => {
        const { body, droppedBody } = sum(slow);
        return body + droppedBody >= all && slow.frames.some((f) => f.snapshotBegin?.resync);
      });
      assert.equal(sum(slow).body + sum(slow).droppedBody, all);
      assert.equal(sum(quick).body + sum(quick).droppedBody, all);
      assert.ok(sum(slow).dropped > 0);
    });

    it('that read one byte at a time get whole frames in the end', async () => {
      await daemon.start();
      const client = await daemon.subscriber();
      client.socket.pause();
      await daemon.script(`net.connect(${port}, '127.0.0.1', function () { this.end('x'.repeat(1000)); }).resume();`);
      while (client.closed.length === 0) {
        // read() passes the byte on as an event, too.
        if (client.socket.read(1) === null) await delay(1);
      }
      assert.equal(client.text(client.opened[0]!.id, 1).length, 1000);
    });
  });
});
