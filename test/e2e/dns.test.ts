// Names of flows, by a name server that answers late, wrong, cut off, or somebody else: the right name or none.
import assert from 'node:assert/strict';
import dgram, { type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Direction, Protocol } from '../../gen/flow_pb.ts';
import { addressRecord, aliasRecord, answerTo, nameOfQuery } from '../support/dns.ts';
import { eventually, missing, skipFor, TestDaemon, type Result, type WireClient } from '../support/daemon.ts';

/** Where the name server answers, inside the test's own network; and an address that nothing is asked for. */
const nameServer = '127.53.53.53';
const target = '127.7.7.7';

describe('names that flows get from DNS', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  let server: net.Server;
  let names: dgram.Socket;
  let port = 0;
  /** What the name server does with a query. */
  let onQuery: (query: Buffer, from: RemoteInfo) => void = () => {};

  before(async function () {
    skipFor(this, missing() ?? privilege());
    server = net.createServer((socket) => socket.on('error', () => {}).end()).listen(0, target);
    names = dgram.createSocket('udp4');
    names.on('message', (query, from) => onQuery(query, from)).bind(53, nameServer);
    await Promise.all([once(server, 'listening'), once(names, 'listening')]);
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server?.close();
    names?.close();
  });
  beforeEach(async () => {
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
  });
  afterEach(() => daemon.dispose());

  function privilege(): string | undefined {
    return process.getuid?.() === 0 ? undefined : 'port 53 needs root';
  }
  const answer = (bytes: Buffer, to: RemoteInfo): void => names.send(bytes, to.port, to.address);

  /** Ends when the flow to the server has ended; its name. */
  async function nameOfFlow(): Promise<string> {
    return (await subscriber.flowTo(port)).opened.host;
  }
  /** Runs a program that asks for `name`, and connects to the server whatever it was told. */
  async function askAndConnect(name = 'api.example.test'): Promise<unknown> {
    return daemon.script(`
      const resolver = new (require('dns').promises.Resolver)({ timeout: 500, tries: 1 });
      resolver.setServers(['${nameServer}']);
      resolver.resolve4('${name}').catch((e) => e.code).then((told) => {
        print(told); net.connect(${port}, '${target}').resume(); });`);
  }

  for (const [what, records] of [
    ['an address', () => [addressRecord('api.example.test', target)]],
    [
      'a chain of aliases, in any order',
      () => [
        addressRecord('edge.cdn.test', target),
        aliasRecord('pool.cdn.test', 'edge.cdn.test'),
        aliasRecord('api.example.test', 'pool.cdn.test'),
      ],
    ],
  ] as const)
    it(`is the one that was asked for, by ${what}`, async () => {
      onQuery = (query, from) => answer(answerTo(query, records()), from);
      await askAndConnect();
      assert.equal(await nameOfFlow(), 'api.example.test');
    });

  for (const [what, wrong] of [
    ['with another id', (query) => answerTo(query, [addressRecord('api.example.test', target)], { id: 1 })],
    [
      'to another question',
      (query) => answerTo(query, [addressRecord('wrong.example.test', target)], { name: 'wrong.example.test' }),
    ],
    [
      'to a question of another type',
      (query) => answerTo(query, [addressRecord('api.example.test', target)], { type: 28 }),
    ],
    ['about another name', (query) => answerTo(query, [addressRecord('wrong.example.test', target)])],
    [
      'about an alias that leads elsewhere',
      (query) =>
        answerTo(query, [aliasRecord('wrong.example.test', 'edge.cdn.test'), addressRecord('edge.cdn.test', target)]),
    ],
    ['that is a failure', (query) => answerTo(query, [addressRecord('api.example.test', target)], { flags: 0x8183 })],
    ['that is cut in the middle of the address', (query) =>
      answerTo(query, [addressRecord('api.example.test', target)], { flags: 0x8380 }).subarray(0, -2)], // prettier-ignore
  ] as const satisfies readonly (readonly [string, (query: Buffer) => Buffer])[])
    it(`is not told by an answer ${what}`, async () => {
      onQuery = (query, from) => answer(wrong(query), from);
      await askAndConnect();
      assert.equal(await nameOfFlow(), '');
    });

  it('is told by the right answer that comes after a wrong one', async () => {
    onQuery = (query, from) => {
      answer(answerTo(query, [addressRecord('wrong.example.test', target)], { name: 'wrong.example.test' }), from);
      answer(answerTo(query, [addressRecord('api.example.test', target)]), from);
    };
    assert.deepEqual(await askAndConnect(), [target]);
    assert.equal(await nameOfFlow(), 'api.example.test');
  });

  it('is not told by somebody who was not asked', async () => {
    const stranger = dgram.createSocket('udp4');
    stranger.bind(53, '127.53.53.54');
    await once(stranger, 'listening');
    try {
      onQuery = (query, from) =>
        stranger.send(answerTo(query, [addressRecord('api.example.test', target)]), from.port, from.address);
      await askAndConnect();
      assert.equal(await nameOfFlow(), '');
    } finally {
      stranger.close();
    }
  });

  it('comes too late for a flow that is open, and in time for the next', async () => {
    let pending: (() => void) | undefined;
    onQuery = (query, from) =>
      (pending = () => answer(answerTo(query, [addressRecord('api.example.test', target)]), from));
    const run = daemon.capture([
      process.execPath,
      '-e',
      `const net = require('net'), connect = () => net.connect(${port}, '${target}').resume();
       const resolver = new (require('dns').promises.Resolver)(); resolver.setServers(['${nameServer}']);
       resolver.resolve4('api.example.test').then(connect); connect();`,
    ]);
    const flows = (): string[] => subscriber.opened.filter((o) => o.destination?.port === port).map((o) => o.host);
    await subscriber.until('the flow is open', () => flows().length === 1);
    await eventually('the name is asked for', () => pending !== undefined);
    pending!();
    await once(run, 'close');
    await subscriber.until('both flows', () => flows().length === 2);
    assert.deepEqual(flows(), ['', 'api.example.test']);
  });

  it('is not told by an answer that its program does not wait for any more', async () => {
    let pending: (() => void) | undefined;
    onQuery = (query, from) =>
      (pending = () => answer(answerTo(query, [addressRecord('late.example.test', target)]), from));
    const query = Buffer.concat([Buffer.from([0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), nameOfQuery('late.example.test')]);
    const run = daemon.capture([
      process.execPath,
      '-e',
      `const net = require('net'), s = require('dgram').createSocket('udp4');
       process.stdin.once('data', () => { s.close(() => console.log('closed'));
         process.stdin.once('data', () => net.connect(${port}, '${target}', () => process.exit()).resume()); });
       s.send(Buffer.from('${query.toString('hex')}', 'hex'), 53, '${nameServer}');`,
    ]);
    await eventually('the name is asked for', () => pending !== undefined);
    run.stdin!.write('close');
    await once(run.stdout!, 'data');
    pending!();
    const dns = subscriber.opened.find((o) => o.protocol === Protocol.udp)!;
    await subscriber.until('the answer', () => subscriber.data(dns.id).some((d) => d.direction === Direction.down));
    run.stdin!.write('connect');
    await once(run, 'close');
    assert.equal(await nameOfFlow(), '');
  });

  it('is each program’s own where several names share an address, and nobody’s who asked for both', async () => {
    onQuery = (query, from) => answer(answerTo(query, [addressRecord(undefined, target)]), from);
    const connect = `net.connect(${port}, '${target}').resume()`;
    const resolver = `new (require('dns').promises.Resolver)(); r.setServers(['${nameServer}']);`;
    const program = (...asks: string[]): string =>
      `"${process.execPath}" -e "const net = require('net'), r = ${resolver}
       ${JSON.stringify(asks).replaceAll('"', "'")}.reduce((p, n) => p.then(() => r.resolve4(n)), Promise.resolve()).then(() => ${connect})"`;
    const { status, stderr }: Result = await daemon.run([
      'sh',
      '-c',
      `${program('a.test')}; ${program('b.test')}; ${program('a.test', 'b.test')}`,
    ]);
    assert.equal(status, 0, stderr);
    const flows = (): string[] => subscriber.opened.filter((o) => o.destination?.port === port).map((o) => o.host);
    await subscriber.until('three flows', () => flows().length === 3);
    assert.deepEqual(flows(), ['a.test', 'b.test', '']);
  });
});
