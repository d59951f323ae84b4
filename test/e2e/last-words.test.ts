// Programs that connect, send and end before the daemon gets to look: their capture ends with them, and what they sent
// still arrives. More of it than the daemon takes in one turn of its loop.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { missing, skipFor, TestDaemon, type WireClient } from '../support/daemon.ts';

const count = 200;

describe('programs that end at once', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;

  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => {
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
  });
  afterEach(() => daemon.dispose());

  /** Runs a script captured, from its first line of input to its end, while the daemon stands still. */
  async function whileStopped(script: string, options: readonly string[]): Promise<void> {
    const code = `console.log('ready'); process.stdin.once('data', () => { ${script} });`;
    const child = daemon.capture([process.execPath, '-e', code], options);
    await once(child.stdout!, 'data');
    daemon.process!.kill('SIGSTOP');
    try {
      child.stdin!.write('\n');
      const [status] = (await once(child, 'close')) as [number | null];
      assert.equal(status, 0);
    } finally {
      daemon.process!.kill('SIGCONT');
    }
  }

  it('lose nothing of what their connections carried', async () => {
    const heard = new Set<string>();
    const server = net.createServer((socket) => {
      let text = '';
      socket.on('data', (data) => (text += String(data))).on('end', () => heard.add(text));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await whileStopped(
        `const net = require('net'); let left = ${count};
        for (let i = 0; i < ${count}; i++) {
          const socket = net.connect(${port}, '127.0.0.1');
          socket.write('word ' + i, () => { if (--left === 0) process.exit(); });
        }`,
        ['--no-hold'], // connect() would wait for the daemon otherwise
      );
      await subscriber.until('every end', () => subscriber.closed.length === count);
      await subscriber.until('every word', () => heard.size === count);
      assert.ok(subscriber.closed.every((c) => c.bytesUp >= 'word 0'.length));
    } finally {
      server.close();
    }
  });

  it('lose none of their datagrams', async () => {
    const heard = new Set<string>();
    const server = dgram.createSocket('udp4').on('message', (data) => heard.add(String(data)));
    await once(server.bind(0, '127.0.0.1'), 'listening');
    try {
      await whileStopped(
        `const socket = require('dgram').createSocket('udp4'); let left = ${count};
        for (let i = 0; i < ${count}; i++)
          socket.send('word ' + i, ${server.address().port}, '127.0.0.1', () => { if (--left === 0) process.exit(); });`,
        [],
      );
      await subscriber.until('every word', () => heard.size === count);
    } finally {
      server.close();
    }
  });
});
