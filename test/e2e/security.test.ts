// Clients that are hostile, broken or strangers, at the real daemon. What each must not get, and that the service goes on.
// The rendezvous itself is tested in native/test; docs/macos.md lists every case with its test.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { ClientFrame, RefusedCode } from '../../gen/flow_pb.ts';
import { asRoot, eventually, missing, TestDaemon, WireClient, skipFor } from '../support/daemon.ts';

describe('the daemon among hostile clients', function () {
  this.timeout(180_000);
  let daemon: TestDaemon;
  before(function () {
    skipFor(this, missing());
  });
  beforeEach(() => (daemon = new TestDaemon()));
  afterEach(() => daemon.dispose());

  const descriptors = (): number =>
    Number(spawnSync('sh', ['-c', `ls /proc/${daemon.process!.pid}/fd | wc -l`], { encoding: 'utf8' }).stdout);
  /** A new client gets what it should. */
  const serves = async (): Promise<void> => {
    const client = await daemon.subscriber();
    client.send({ probe: { nonce: 7 } });
    await client.until('the synthetic flow', () => client.closed.length === 1);
    client.socket.destroy();
  };
  const hello = WireClient.framed(
    ClientFrame.encode({
      hello: { versions: [1], client: 'test', build: '0', token: new Uint8Array(0) },
    }).finish(),
  );

  it('serves others while 1,000 clients are connected that never say hello, and sends those away by name', async () => {
    await daemon.start([], ['prlimit', '--nofile=4096:4096']);
    await serves();
    const before = descriptors();
    const silent: WireClient[] = [];
    for (let i = 0; i < 1000; i++) {
      const client = daemon.client();
      client.socket.write(hello.subarray(0, i % hello.length));
      await once(client.socket, 'connect');
      silent.push(client);
    }
    await serves();
    await eventually('every one is sent away', () => silent.every((client) => client.ended));
    const told = silent.filter((client) => client.refusal !== '');
    assert.ok(told.length > 0 && told.every((client) => client.refusal.startsWith('no Hello')), told[0]?.refusal);
    assert.match(daemon.log, new RegExp(`turned away uid \\d+, pid ${process.pid}: `));
    await eventually('every descriptor is back', () => descriptors() <= before);
    await serves();
  });

  it('goes on where clients die at each byte of the handshake', async () => {
    await daemon.start();
    await serves();
    const before = descriptors();
    const subscribe = WireClient.framed(ClientFrame.encode({ subscribe: { bodyLimit: 1000 } as never }).finish());
    const all = Buffer.concat([hello, subscribe]);
    for (let n = 0; n <= all.length; n++) {
      const client = daemon.client();
      await once(client.socket, 'connect');
      client.socket.write(all.subarray(0, n));
      // With an answer under way, or none.
      if (n % 2) await new Promise((resolve) => setImmediate(resolve));
      client.socket.destroy();
    }
    await eventually('every descriptor is back', () => descriptors() <= before);
    await serves();
  });

  it('refuses a client that asks for the flows of every user, names it in the log, and shows it none', async function () {
    if (!asRoot && process.getuid?.() === 0) this.skip();
    await daemon.start();
    const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const curious = await daemon.client().hello();
      curious.send({ subscribe: { query: '', bodyLimit: 1000, allUsers: true, capture: '' } });
      await curious.until('the end', () => curious.ended);
      assert.equal(curious.frames.find((f) => f.refused)?.refused?.code, RefusedCode.peer);
      await daemon.script(
        `net.connect(${(server.address() as AddressInfo).port}, '127.0.0.1').resume().on('close', () => print(1))`,
      );
      assert.deepEqual(curious.opened, []);
      assert.match(daemon.log, /turned away uid \d+, pid \d+: only root may watch the flows of every user/);
    } finally {
      server.close();
    }
    await serves();
  });

  it('lets no other user in', async function () {
    if (!asRoot) return this.skip();
    await daemon.start();
    // As a user that is neither the daemon's nor root.
    const script = `require('net').connect(${JSON.stringify(daemon.socketPath)}).on('error', (e) => process.exit(e.code === 'EACCES' ? 0 : 3)).on('connect', () => process.exit(4))`;
    const { status } = spawnSync('setpriv', [
      '--reuid=54321',
      '--regid=54321',
      '--clear-groups',
      '--',
      process.execPath,
      '-e',
      script,
    ]);
    assert.equal(status, 0);
    await serves();
  });

  it('does not fill the disk with what it says of clients that come again and again', async () => {
    await daemon.start();
    for (let i = 0; i < 600; i++) {
      const client = daemon.client();
      client.socket.write(Buffer.alloc(4));
      await client.until('the end', () => client.ended);
    }
    assert.equal(daemon.log.match(/turned away uid/g)?.length, 500);
    assert.match(daemon.log, /further clients that are turned away are not logged/);
    await serves();
  });
});
