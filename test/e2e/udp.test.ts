// UDP through the real daemon: conversations, sizes, errors, names.
import assert from 'node:assert/strict';
import dgram, { type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { CloseReason, Direction, Protocol, type FlowOpened } from '../../gen/flow_pb.ts';
import { asRoot, missing, TestDaemon, type WireClient, skipFor } from '../support/daemon.ts';

describe('UDP through the daemon', function () {
  this.timeout(300_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  const sockets: dgram.Socket[] = [];

  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => {
    daemon = await new TestDaemon().start(['--udp-idle', '1']);
    subscriber = await daemon.subscriber();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await daemon.dispose();
  });

  async function serve(
    onDatagram: (socket: dgram.Socket, data: Buffer, from: RemoteInfo) => void,
    host = '127.0.0.1',
    port = 0,
  ): Promise<number> {
    const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
    sockets.push(socket);
    socket.on('message', (data, from) => onDatagram(socket, data, from));
    socket.bind(port, host);
    await once(socket, 'listening');
    return socket.address().port;
  }
  const echo = (socket: dgram.Socket, data: Buffer, from: RemoteInfo): void =>
    socket.send(data, from.port, from.address);
  const conversations = (): FlowOpened[] => subscriber.opened.filter((o) => o.protocol === Protocol.udp);

  for (const [family, host] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const)
    for (const connected of [false, true])
      it(`carries ${family} datagrams of every size on ${connected ? 'a connected' : 'an unconnected'} socket`, async () => {
        // The largest is all that the length fields of UDP and IP can tell.
        const sizes = [1, 0, 512, 1500, 9000, family === 'udp6' ? 65_527 : 65_507];
        const port = await serve(echo, host);
        const got = await daemon.script(`
          const sizes = ${JSON.stringify(sizes)}; const back = []; const s = dgram.createSocket('${family}');
          const next = () => { const d = Buffer.alloc(sizes[back.length], 'x');
            ${connected ? 's.send(d)' : `s.send(d, ${port}, '${host}')`}; };
          s.on('message', (d, from) => { back.push([d.length, from.address, from.port]);
            if (back.length === sizes.length) { print([process.pid, back]); s.close(); } else next(); });
          ${connected ? `s.connect(${port}, '${host}', next)` : 'next()'};`);
        const [pid, back] = got as [number, unknown];
        assert.deepEqual(
          back,
          sizes.map((n) => [n, host, port]),
        );
        const { opened, closed } = await subscriber.flowTo(port);
        const total = sizes.reduce((a, b) => a + b);
        assert.equal(opened.protocol, Protocol.udp);
        assert.equal(opened.process?.pid, pid);
        assert.deepEqual(
          [closed.bytesUp, closed.bytesDown, closed.datagramsUp, closed.datagramsDown],
          [total, total, sizes.length, sizes.length],
        );
        // One frame per datagram with its real size; payload up to the limit of 16 KiB per direction.
        const up = subscriber.data(opened.id).filter((d) => d.direction === Direction.up);
        assert.deepEqual(
          up.map((d) => d.length),
          sizes,
        );
        assert.equal(
          up.reduce((n, d) => n + d.bytes.length, 0),
          16_384,
        );
      });

  it('shows one socket that talks to many servers as one flow each, from one address', async () => {
    const sources = new Set<number>();
    const ports: number[] = [];
    for (let i = 0; i < 5; i++)
      ports.push(
        await serve((socket, data, from) => {
          sources.add(from.port);
          echo(socket, data, from);
        }),
      );
    await daemon.script(`
      const s = dgram.createSocket('udp4'); let n = 0;
      s.on('message', () => { if (++n === 5) s.close(); });
      for (const port of ${JSON.stringify(ports)}) s.send('x', port, '127.0.0.1');`);
    assert.equal(sources.size, 1);
    assert.deepEqual(
      conversations()
        .map((o) => o.destination?.port ?? 0)
        .toSorted((a, b) => a - b),
      ports.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(conversations().map((o) => o.source?.port)).size, 1);
  });

  it('passes on an answer from another port, with that port as its source', async () => {
    // As TFTP does (RFC 1350, section 4).
    const other = dgram.createSocket('udp4');
    sockets.push(other);
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const port = await serve((_, data, from) => other.send(data, from.port, from.address));
    const from = await daemon.script(`
      const s = dgram.createSocket('udp4'); s.on('message', (d, from) => { print(from.port); s.close(); });
      s.send('x', ${port}, '127.0.0.1');`);
    assert.equal(from, other.address().port);
    assert.equal(conversations().length, 2);
  });

  it('tells the program that nobody listens', async () => {
    const port = await serve(() => {});
    sockets.splice(0).forEach((s) => s.close());
    const code = await daemon.script(`
      const s = dgram.createSocket('udp4'); s.on('error', (e) => { print(e.code); s.close(); });
      s.connect(${port}, '127.0.0.1', () => s.send('x'));`);
    assert.equal(code, 'ECONNREFUSED');
    const { closed } = await subscriber.flowTo(port);
    assert.deepEqual([closed.reason, closed.errorText], [CloseReason.refused, 'Connection refused']);
  });

  it('ends a conversation that is quiet, and begins a new one when it goes on', async () => {
    const port = await serve(echo);
    await daemon.script(`
      const s = dgram.createSocket('udp4'); s.send('one', ${port}, '127.0.0.1');
      setTimeout(() => s.send('two', ${port}, '127.0.0.1', () => setTimeout(() => s.close(), 200)), 2500);`);
    await subscriber.until('both ends', () => subscriber.closed.length === 2);
    assert.deepEqual(
      subscriber.closed.map((c) => [c.reason, c.bytesUp, c.bytesDown]),
      [
        [CloseReason.idle, 3, 3],
        [CloseReason.eof, 3, 3], // with its capture
      ],
    );
  });

  it('loses nothing of a burst that sockets can hold', async () => {
    const port = await serve(echo);
    const got = await daemon.script(`
      const s = dgram.createSocket('udp4'); let n = 0;
      s.on('message', () => { if (++n === 200) { print(n); s.close(); } });
      for (let i = 0; i < 200; i++) s.send(String(i), ${port}, '127.0.0.1');`);
    assert.equal(got, 200);
  });

  it('knows the name that a program asked for', async function () {
    if (!asRoot) return this.skip(); // port 53
    const server = net.createServer((s) => s.end()).listen(0, '127.7.7.7');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // Answers every question with 127.7.7.7, after an alias.
    await serve(
      (socket, query, from) => {
        const question = query.subarray(12, query.indexOf(0, 12) + 5);
        const header = Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0])]);
        const record = (name: number[], type: number, data: number[]): Buffer =>
          Buffer.from([...name, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length, ...data]);
        const alias = [5, 0x61, 0x6c, 0x69, 0x61, 0x73, 0];
        const answer = [record([0xc0, 12], 5, alias), record(alias, 1, [127, 7, 7, 7])];
        socket.send(Buffer.concat([header, question, ...answer]), from.port, from.address);
      },
      '127.53.53.53',
      53,
    );
    await daemon.script(`
      const resolver = new (require('dns').promises.Resolver)(); resolver.setServers(['127.53.53.53']);
      resolver.resolve4('api.example.test').then(([address]) => net.connect(${port}, address).resume());`);
    server.close();
    const { opened } = await subscriber.flowTo(port);
    assert.equal(opened.host, 'api.example.test');
    const dns = conversations().find((o) => o.destination?.port === 53);
    assert.ok(dns);
    await subscriber.until('the end of the query', () => subscriber.closed.some((c) => c.id === dns.id));
    assert.equal(subscriber.closed.find((c) => c.id === dns.id)?.reason, CloseReason.eof);
  });
});
