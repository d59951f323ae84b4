// A router on the way says that a host cannot be reached: the program hears of it as it would without Flowtap.
import assert from 'node:assert/strict';
import { CloseReason } from '../../gen/flow_pb.ts';
import { missing, skipFor, TestDaemon, type WireClient } from '../support/daemon.ts';
import { beyondRouter, router, World } from '../support/world.ts';

/** How connecting to each address ends: over TCP, and for a datagram on a connected socket of UDP. */
const program = (targets: { readonly tcp: readonly string[]; readonly udp: readonly string[] }): string => `
  const net = require('net'), dgram = require('dgram'), { tcp, udp } = ${JSON.stringify(targets)}, ends = {};
  let left = tcp.length + udp.length;
  const end = (name, how) => { if (name in ends) return; ends[name] = how; if (--left === 0) { console.log(JSON.stringify(ends)); process.exit(); } };
  for (const host of tcp) net.connect({ host, port: 80, autoSelectFamily: false })
    .once('connect', () => end(host, 'connected')).once('error', (e) => end(host, e.code));
  for (const host of udp) { const name = 'udp ' + host, s = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
    s.once('error', (e) => end(name, e.code)).connect(80, host, () => s.send('x')); }`;

describe('routers that cannot go on', function () {
  this.timeout(120_000);
  let world: World;
  let daemon: TestDaemon;
  let subscriber: WireClient;

  before(function () {
    skipFor(this, missing() ?? World.missing('add type veth'));
  });
  beforeEach(async () => {
    world = await World.make(router);
    daemon = new TestDaemon();
    daemon.place = world.enter;
    await daemon.start();
    subscriber = await daemon.subscriber();
  });
  afterEach(async () => {
    await daemon.dispose();
    await world.end();
  });

  async function run(targets: Parameters<typeof program>[0], mode?: string): Promise<Record<string, string>> {
    const command = [process.execPath, '-e', program(targets)];
    const { status, stdout, stderr } = mode
      ? await daemon.run(command, ['--mode', mode])
      : await daemon.result(daemon.spawn(command));
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Record<string, string>;
  }

  for (const mode of ['tproxy', 'redirect'])
    it(`make connect() fail with the same error, in mode ${mode}`, async () => {
      const targets = { tcp: Object.values(beyondRouter).flat(), udp: [] };
      const plain = await run(targets);
      assert.deepEqual(plain, {
        [beyondRouter.unreachable[0]]: 'EHOSTUNREACH',
        [beyondRouter.unreachable[1]]: 'ENETUNREACH', // code 0, as for an unknown one
        [beyondRouter.prohibit[0]]: 'EHOSTUNREACH', // code 13, "administratively prohibited"
        [beyondRouter.prohibit[1]]: 'EACCES',
        [beyondRouter.unknown[0]]: 'ENETUNREACH',
        [beyondRouter.unknown[1]]: 'ENETUNREACH',
        [beyondRouter.absent[0]]: 'EHOSTUNREACH',
        [beyondRouter.absent[1]]: 'EHOSTUNREACH',
      });
      assert.deepEqual(await run(targets, mode), plain);
      await subscriber.until('every end', () => subscriber.closed.length === targets.tcp.length);
      assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.unreachable && c.connectedAt === 0));
    });

  it('make the next call on a socket of UDP fail with the same error', async () => {
    // The others are no errors to a socket of UDP: they may pass (RFC 1122, section 4.1.3.3, and Linux).
    const targets = { tcp: [], udp: beyondRouter.prohibit };
    const plain = await run(targets);
    assert.deepEqual(new Set(Object.values(plain)), new Set(['EHOSTUNREACH', 'EACCES']));
    assert.deepEqual(await run(targets, 'tproxy'), plain);
    await subscriber.until('every end', () => subscriber.closed.length >= 2);
    assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.unreachable));
  });
});
