// A captured program's connect() ends as it would without Flowtap, since its server is dialled before it is accepted.
// Everything runs in a network of the test's own, and each outcome is compared with that of the same program uncaptured.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { CloseReason } from '../../gen/flow_pb.ts';
import { eventually, missing, TestDaemon, type WireClient, skipFor } from '../support/daemon.ts';
import { nowhere, World } from '../support/world.ts';

/** Connects to each of `targets` (all at once); prints how each one ended. */
const outcomes = (targets: readonly (readonly [string, number])[]): string => `
  const net = require('net'), targets = ${JSON.stringify(targets)}, ends = {};
  let left = targets.length;
  for (const [host, port] of targets) {
    const socket = net.connect({ host, port, autoSelectFamily: false }), name = host + ' ' + port;
    const end = (how) => { ends[name] ??= how; socket.destroy(); if (--left === 0) console.log(JSON.stringify(ends)); };
    socket.once('connect', () => end('connected')).once('error', (e) => end(e.code));
  }`;

describe('connections that come to nothing', function () {
  this.timeout(120_000);
  let world: World;
  let daemon: TestDaemon;
  let subscriber: WireClient;

  before(function () {
    skipFor(this, missing() ?? World.missing());
  });
  async function begin(more = ''): Promise<void> {
    world = await World.make(more);
    daemon = new TestDaemon();
    daemon.place = world.enter;
    await daemon.start();
    subscriber = await daemon.subscriber();
  }
  afterEach(async () => {
    await daemon.dispose();
    await world.end();
  });

  async function run(
    targets: readonly (readonly [string, number])[],
    options?: readonly string[],
  ): Promise<Record<string, string>> {
    const command = [process.execPath, '-e', outcomes(targets)];
    const { status, stdout, stderr } = options
      ? await daemon.run(command, options)
      : await daemon.result(daemon.spawn(command));
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Record<string, string>;
  }

  for (const mode of ['tproxy', 'redirect'])
    it(`fail with the same error and are named, in mode ${mode}`, async () => {
      await begin();
      const targets = [
        ...['127.0.0.1', '::1', '10.9.0.1', 'fd09::1'].map((host) => [host, 9] as const),
        // Where the proxy itself listens inside, and nobody outside.
        ...['127.0.0.1', '::1', '10.9.0.1', 'fd09::1'].map((host) => [host, 1] as const),
        ...[nowhere.unreachable, nowhere.throw, nowhere.silent].flat().map((host) => [host, 80] as const),
      ];
      const plain = await run(targets);
      assert.deepEqual(
        new Set(Object.values(plain)),
        new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']),
      );
      assert.deepEqual(await run(targets, ['--mode', mode]), plain);

      await subscriber.until('every end', () => subscriber.closed.length >= targets.length);
      // A SYN that is sent again is no new connection.
      assert.equal(subscriber.opened.length, targets.length);
      const ended = (...reasons: number[]): number =>
        subscriber.closed.filter((c) => reasons.includes(c.reason)).length;
      assert.equal(ended(CloseReason.refused), 8);
      assert.equal(ended(CloseReason.unreachable), 4);
      assert.equal(ended(CloseReason.timedOut, CloseReason.clientGone), 1);
      assert.ok(subscriber.closed.every((c) => c.connectedAt === 0));
      assert.ok(subscriber.opened.every((o) => o.process?.name === 'node'));
    });

  it('that are forbidden fail with the same error over IPv6, and with the nearest over IPv4', async () => {
    await begin();
    const [v4, v6] = nowhere.prohibit;
    const targets = [[v4, 80] as const, [v6, 80] as const];
    assert.deepEqual(await run(targets), { [`${v4} 80`]: 'EACCES', [`${v6} 80`]: 'EACCES' });
    assert.deepEqual(await run(targets, []), { [`${v4} 80`]: 'EHOSTUNREACH', [`${v6} 80`]: 'EACCES' });
    await subscriber.until('both ends', () => subscriber.closed.length === 2);
    assert.ok(subscriber.closed.every((c) => c.errorText === 'Permission denied'));
  });

  it('end with the program’s patience, and with the program', async () => {
    await begin();
    const code = `require('net').connect(80, '${nowhere.silent[0]}').on('error', () => {})`;
    const patience = daemon.capture([process.execPath, '-e', `${code}; setTimeout(() => process.exit(), 300)`]);
    await once(patience, 'close');
    const killed = daemon.capture([process.execPath, '-e', code]);
    await subscriber.until('both dial', () => subscriber.opened.length === 2);
    killed.kill('SIGKILL');
    await subscriber.until('both ended', () => subscriber.closed.length === 2);
    assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.clientGone));
  });

  it('are refused once the proxy is gone', async () => {
    await begin();
    const waits = daemon.run([process.execPath, '-e', outcomes([[nowhere.silent[0], 80]])]);
    await subscriber.until('it dials', () => subscriber.opened.length === 1);
    daemon.process!.kill('SIGKILL');
    assert.deepEqual(JSON.parse((await waits).stdout), { [`${nowhere.silent[0]} 80`]: 'ECONNREFUSED' });
  });

  it('by the hundred do not keep others from theirs', async () => {
    await begin();
    const code = `const net = require('net');
      for (let i = 0; i < 500; i++) net.connect(80, '${nowhere.silent[0]}').on('error', () => {});
      setTimeout(() => net.connect(9, '127.0.0.1').on('error', (e) => { console.log(e.code); process.exit(); }), 300);`;
    const { stdout } = await daemon.run([process.execPath, '-e', code]);
    assert.equal(stdout, 'ECONNREFUSED\n');
    await subscriber.until('every end', () => subscriber.closed.length === 501);
  });

  it('for want of a port say so', async () => {
    await begin(`echo '50000 50001' > /proc/sys/net/ipv4/ip_local_port_range`);
    const serve = daemon.spawn([
      process.execPath,
      '-e',
      `require('net').createServer(() => {}).listen(8080, '127.0.0.1', () => console.log('ready'));`,
    ]);
    await once(serve.stdout!, 'data');
    // Each program has two ports of its own, and the proxy two for all of them.
    const hold = `for (const i of [0, 1]) require('net').connect(8080, '127.0.0.1', () => console.log('up')).on('error', () => {});`;
    const first = daemon.capture([process.execPath, '-e', hold]);
    let up = '';
    first.stdout!.on('data', (piece) => (up += String(piece)));
    await eventually('two are up', () => up === 'up\nup\n');
    assert.deepEqual(await run([['127.0.0.1', 8080]], []), { '127.0.0.1 8080': 'EHOSTUNREACH' });
    await subscriber.until('its end', () => subscriber.closed.length === 1);
    const [closed] = subscriber.closed;
    assert.equal(closed!.reason, CloseReason.limit);
    assert.match(closed!.errorText, /no free (local )?port/i);
  });
});
