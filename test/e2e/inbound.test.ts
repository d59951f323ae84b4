// Servers inside a capture, reached from outside at the same port.
import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { CloseReason, Direction } from '../../gen/flow_pb.ts';
import { eventually, missing, TestDaemon, type WireClient, skipFor } from '../support/daemon.ts';

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What a server says to `text`, or how calling it failed. */
function ask(host: string, port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ host, port, autoSelectFamily: false }, () => socket.end(text));
    socket.on('data', (data) => (answer += String(data))).on('end', () => resolve(answer));
    socket.on('error', (e: NodeJS.ErrnoException) => resolve(e.code ?? e.message));
  });
}

describe('servers inside', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  let port = 0;

  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => {
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
    port = await freePort();
  });
  afterEach(() => daemon.dispose());

  /** Tells its caller's question back. Runs until its standard input ends. */
  const server = (where: object): string => `
    const server = require('net').createServer({ allowHalfOpen: true }, (s) => {
      let text = ''; s.on('data', (d) => (text += d)).on('end', () => s.end(process.pid + ' heard ' + text)).on('error', () => {});
    }).on('error', (e) => console.log(e.code)).listen(${JSON.stringify(where)}, () => console.log('ready'));
    process.stdin.on('data', () => server.close()).on('end', () => process.exit());`;
  async function serve(where: object, options: readonly string[] = []): Promise<ChildProcess> {
    const child = daemon.capture([process.execPath, '-e', server(where)], options);
    await once(child.stdout!, 'data');
    return child;
  }
  /** Waits until a server inside answers from outside. */
  async function reached(host: string): Promise<void> {
    await eventually(`${host} answers`, async () => (await ask(host, port, '')).includes(' heard '));
  }

  for (const mode of ['tproxy', 'redirect'])
    for (const [listens, called] of [
      ['127.0.0.1', '127.0.0.1'],
      ['0.0.0.0', '127.0.0.1'],
      ['::', '127.0.0.1'],
      ['::', '::1'],
      ['::1', '::1'],
      ['127.0.0.5', '127.0.0.5'],
    ] as const)
      it(`listening on ${listens} answer at ${called}, in mode ${mode}`, async () => {
        const child = await serve({ host: listens, port }, ['--mode', mode]);
        await reached(called);
        assert.equal(await ask(called, port, 'hello'), `${child.pid} heard hello`);

        const flows = (): typeof subscriber.opened => subscriber.opened.filter((o) => o.destination?.port === port);
        await subscriber.until('the flows have ended', () => {
          const ends = new Set(subscriber.closed.map((c) => c.id));
          return flows().length >= 2 && flows().every((o) => ends.has(o.id));
        });
        const flow = flows().at(-1)!;
        assert.equal(flow.inbound, true);
        assert.deepEqual([flow.process?.pid, flow.process?.name], [child.pid, 'node']);
        // "Up" is what the captured program sends, whoever called.
        assert.equal(subscriber.text(flow.id, Direction.down), 'hello');
        assert.equal(subscriber.text(flow.id, Direction.up), `${child.pid} heard hello`);
        const closed = subscriber.closed.find((c) => c.id === flow.id)!;
        assert.deepEqual([closed.reason, closed.bytesDown], [CloseReason.eof, 5]);
      });

  it('are not there for the host once they have stopped listening', async () => {
    const child = await serve({ host: '127.0.0.1', port });
    await reached('127.0.0.1');
    child.stdin!.write('stop');
    await eventually('the port is free', async () => (await ask('127.0.0.1', port, '')) === 'ECONNREFUSED');
    // And for whoever comes next.
    const other = net.createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    other.close();
    child.stdin!.end();
  });

  it('go with their capture, whatever became of its processes', async () => {
    const child = await serve({ host: '127.0.0.1', port });
    await reached('127.0.0.1');
    child.kill('SIGKILL');
    await eventually('the port is free', async () => (await ask('127.0.0.1', port, '')) === 'ECONNREFUSED');
  });

  it('are found by other captures, and by themselves inside', async () => {
    await serve({ host: '127.0.0.1', port });
    await reached('127.0.0.1');
    const code = `let text = ''; net.connect(${port}, '127.0.0.1', function () { this.end('hi'); })
      .on('data', (d) => (text += d)).on('end', () => print(text));`;
    assert.match(String(await daemon.script(code)), /^\d+ heard hi$/);
  });

  it('on a port that the host has already run unharmed, and it is said', async () => {
    const taken = net.createServer((s) => s.end('outside')).listen(port, '127.0.0.1');
    await once(taken, 'listening');
    const child = await serve({ host: '127.0.0.1', port });
    const said = (): boolean => {
      const spots = subscriber.frames.findLast((f) => f.status)?.status?.blindSpots ?? [];
      return spots.some((spot) => spot.includes(`port ${port},`) && spot.includes('another program'));
    };
    await subscriber.until('it is said', said);
    assert.match(daemon.log, new RegExp(`port ${port}`));
    assert.equal(await ask('127.0.0.1', port, ''), 'outside');
    assert.equal(child.exitCode, null);
    // It has its turn when the port is free.
    taken.close();
    await reached('127.0.0.1');
    await subscriber.until('it is taken back', () => !said());
  });

  it('that several processes have belong to one of them', async () => {
    const code = `const net = require('net'), { fork } = require('child_process');
      if (process.env.WORKER) process.on('message', (_, server) => server.on('connection', (s) => s.end('worker'))).on('disconnect', () => process.exit());
      else { const server = net.createServer().listen(${port}, '127.0.0.1', () => {
        const worker = fork(process.argv[1], { env: { ...process.env, WORKER: '1' } });
        worker.send('take', server); console.log(worker.pid); }); }`;
    const file = `${daemon.folder}/servers.cjs`;
    fs.writeFileSync(file, code);
    fs.chmodSync(file, 0o644);
    const child = daemon.capture([process.execPath, file]);
    const [worker] = (await once(child.stdout!, 'data')) as [Buffer];
    await eventually('it answers', async () => (await ask('127.0.0.1', port, '')) !== 'ECONNREFUSED');
    await subscriber.until('a flow', () => subscriber.opened.some((o) => o.destination?.port === port));
    assert.ok([child.pid, Number(worker)].includes(subscriber.opened.at(-1)!.process?.pid));
  });

  it('that are killed reset their callers', async () => {
    const child = await serve({ host: '127.0.0.1', port });
    await reached('127.0.0.1');
    const socket = net.connect(port, '127.0.0.1');
    socket.write('half a question');
    await subscriber.until('the question is there', () =>
      subscriber.opened.some((o) => subscriber.text(o.id, Direction.down) === 'half a question'),
    );
    child.kill('SIGSTOP');
    socket.write(', unread');
    await subscriber.until('more of it', () =>
      subscriber.opened.some((o) => subscriber.text(o.id, Direction.down).endsWith('unread')),
    );
    child.kill('SIGKILL');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });
});
