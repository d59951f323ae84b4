import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { fullQueue } from '../../../native/test/full-queue.mjs';
import {
  bridgePath,
  connectThrough,
  loadBridge,
  rendezvousCode,
  type Bridge,
  type BridgeProblem,
} from '../../../src/endpoint/bridge.ts';
import { buildBridge, openDescriptors, privateFolder, root } from '../../support/bridge.ts';

const otherUid = 54321;
const isRoot = process.getuid?.() === 0;

describe('The native bridge', function () {
  this.timeout(60_000);
  let bridge: Bridge;
  let folder: string;
  let socketPath: string;

  before(function () {
    if (process.platform !== 'linux') this.skip();
    this.timeout(300_000);
    buildBridge();
    const loaded = loadBridge();
    assert.equal(loaded.kind, 'loaded', JSON.stringify(loaded));
    if (loaded.kind === 'loaded') ({ bridge } = loaded);
  });
  beforeEach(() => {
    folder = privateFolder();
    socketPath = path.join(folder, 'proxy.sock');
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function listening(handler: (socket: net.Socket) => void): Promise<net.Server> {
    const server = net.createServer(handler);
    server.listen(socketPath);
    await once(server, 'listening');
    return server;
  }
  async function closed(server: net.Server): Promise<void> {
    server.close();
    await once(server, 'close');
  }
  async function refusal(name = socketPath): Promise<{ code: string | undefined; text: string }> {
    const error: unknown = await connectThrough(bridge, { name }).then(
      (socket) => {
        socket.destroy();
        return undefined;
      },
      (e: unknown) => e,
    );
    assert.ok(error instanceof Error, 'the connection was made');
    return { code: rendezvousCode(error), text: error.message };
  }

  describe('connecting', () => {
    it('gives a socket that carries bytes both ways, half-close included', async () => {
      const server = await listening((socket) => socket.pipe(socket));
      const socket = await connectThrough(bridge, { name: socketPath });
      const sent = Buffer.alloc(1 << 20, 'flow');
      socket.end(sent);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      assert.ok(Buffer.concat(chunks).equals(sent));
      await closed(server);
    });
    it('serves 100 calls at once, and leaves no descriptor open', async () => {
      const before = openDescriptors();
      const server = await listening((socket) => socket.end('hello'));
      const texts = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = await connectThrough(bridge, { name: socketPath });
          let text = '';
          for await (const chunk of socket) text += String(chunk);
          return text;
        }),
      );
      assert.deepEqual(new Set(texts), new Set(['hello']));
      await closed(server);
      await new Promise(setImmediate);
      assert.equal(openDescriptors(), before);
    });
    it('says ENOSERVICE where there is no folder, no socket, or no server', async () => {
      fs.mkdirSync(path.join(folder, 'sub'), { mode: 0o700 });
      const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
      await once(spawn(process.execPath, ['-e', script, path.join(folder, 'sub/stale.sock')]), 'exit');
      assert.ok(fs.existsSync(path.join(folder, 'sub/stale.sock')));
      for (const name of ['proxy.sock', 'none/proxy.sock', 'sub/stale.sock']) {
        const { code, text } = await refusal(path.join(folder, name));
        assert.equal(code, 'ENOSERVICE');
        assert.ok(text.includes(name) && text.includes('flowtap start'), text);
      }
    });
    it('says EREFUSED, and why, for a folder that others can reach', async () => {
      const server = await listening(() => assert.fail('connected'));
      fs.chmodSync(folder, 0o755);
      const { code, text } = await refusal();
      assert.equal(code, 'EREFUSED');
      assert.match(text, /has mode 0755/);
      await closed(server);
    });
    it('says EREFUSED, and why, for a symbolic link as folder or as socket', async () => {
      const server = await listening(() => assert.fail('connected'));
      const linked = path.join(folder, 'linked');
      fs.symlinkSync(folder, linked);
      const elsewhere = path.join(folder, 'elsewhere');
      fs.mkdirSync(elsewhere, { mode: 0o700 });
      fs.symlinkSync(socketPath, path.join(elsewhere, 'proxy.sock'));
      for (const name of [linked, elsewhere]) {
        const { code, text } = await refusal(path.join(name, 'proxy.sock'));
        assert.equal(code, 'EREFUSED');
        assert.match(text, /symbolic link/);
      }
      await closed(server);
    });
    it('says EREFUSED for a folder of another user', async function () {
      if (!isRoot) this.skip();
      const server = await listening(() => assert.fail('connected'));
      fs.chownSync(folder, otherUid, otherUid);
      const { code, text } = await refusal();
      assert.equal(code, 'EREFUSED');
      assert.match(text, /belongs to uid 54321/);
      await closed(server);
    });
    it('says EREFUSED for a server of another user, and tells it nothing', async function () {
      if (!isRoot) this.skip();
      fs.chmodSync(folder, 0o777);
      const script = `let got = 0; require('net').createServer((s) => s.on('data', (b) => (got += b.length)).on('close', () => {
        process.stdout.write('got ' + got); process.exit(); })).listen(process.argv[1], () => console.log('ready'))`;
      const id = String(otherUid);
      const impostor = spawn(
        'setpriv',
        ['--reuid', id, '--regid', id, '--clear-groups', process.execPath, '-e', script, socketPath],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let output = '';
      impostor.stdout.on('data', (bytes) => (output += String(bytes)));
      await once(impostor.stdout, 'data');
      fs.chmodSync(folder, 0o700);
      const { code, text } = await refusal();
      assert.equal(code, 'EREFUSED');
      assert.match(text, /of uid 54321/);
      await once(impostor, 'close');
      assert.match(output, /got 0$/);
    });
    it('says EPROTOCOL for what is no path of a socket', async () => {
      for (const name of ['', 'proxy.sock', '/tmp/\0/proxy.sock', '/proxy.sock'])
        assert.equal((await refusal(name)).code, 'EPROTOCOL');
    });
    it('throws on arguments of a wrong type', () => {
      const connect = (...args: unknown[]) => (bridge as { connect(...a: unknown[]): unknown }).connect(...args);
      for (const args of [[], [1, '', ''], ['/a/b', null, ''], ['/a/b', '', {}]])
        assert.throws(() => connect(...args), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => connect('/a/b', '', 'x'.repeat(70_000)), { code: 'ERR_OUT_OF_RANGE' });
    });
  });

  describe('in a Worker that ends', () => {
    const calls = `const { workerData, parentPort } = require('node:worker_threads');
      const net = require('node:net');
      const bridge = require(workerData.file);
      for (let i = 0; i < 20; i++) bridge.connect(workerData.name, '', '').then((fd) => new net.Socket({ fd }).destroy(), () => {});
      parentPort.postMessage('called');`;
    const data = (name: string) => ({ eval: true, workerData: { file: bridgePath(), name } });

    it('calls in flight are given up 50 times, with nothing left open', async () => {
      const release = await fullQueue(socketPath);
      const round = async () => {
        const worker = new Worker(calls, data(socketPath));
        await once(worker, 'message');
        await worker.terminate();
      };
      await round();
      const before = openDescriptors();
      for (let i = 0; i < 50; i++) await round();
      assert.equal(openDescriptors(), before);
      assert.equal((await connectAfter(release)).code, 'ENOSERVICE');
    });
    async function connectAfter(release: () => Promise<void>) {
      await release();
      return refusal();
    }
    it('process.exit() in the Worker does no harm while answers arrive', async () => {
      const server = await listening((socket) => socket.end());
      for (let i = 0; i < 50; i++) {
        const worker = new Worker(`${calls}\nsetImmediate(() => process.exit(0));`, data(socketPath));
        const [code] = (await once(worker, 'exit')) as [number];
        assert.equal(code, 0);
      }
      const socket = await connectThrough(bridge, { name: socketPath });
      socket.destroy();
      await closed(server);
    });
  });

  describe('loading', () => {
    const problem = (file: string): BridgeProblem => {
      const loaded = loadBridge(file);
      assert.ok(loaded.kind !== 'loaded', `${file} was loaded`);
      assert.equal(loaded.path, file);
      assert.ok(loaded.text.includes(file) || loaded.kind === 'broken', loaded.text);
      return loaded;
    };
    it('takes the prebuilt file of this platform, or FLOWTAP_BRIDGE', () => {
      const name = `dist/bin/${process.platform}-${process.arch}/bridge.node`;
      assert.equal(bridgePath({}), path.join(root, name));
      assert.equal(bridgePath({ FLOWTAP_BRIDGE: '/somewhere/else.node' }), '/somewhere/else.node');
    });
    it('gives the same module for the same file', () => {
      const loaded = loadBridge();
      assert.ok(loaded.kind === 'loaded' && loaded.bridge.connect === bridge.connect);
    });
    it('tells a missing file, and what to do', () => {
      const { kind, text } = problem(path.join(folder, 'bridge.node'));
      assert.equal(kind, 'missing');
      assert.match(text, /npm run build:native/);
      assert.ok(text.includes(`${process.platform}-${process.arch}`));
      fs.writeFileSync(path.join(folder, 'file'), '');
      assert.equal(problem(path.join(folder, 'file', 'bridge.node')).kind, 'missing');
    });
    it('tells a file of another platform or processor', () => {
      const file = path.join(folder, 'bridge.node');
      const other = Buffer.from(fs.readFileSync(bridgePath()));
      other.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
      fs.writeFileSync(file, other);
      const { kind, text } = problem(file);
      assert.equal(kind, 'foreign');
      assert.match(text, process.arch === 'arm64' ? /is for linux-x64/ : /is for linux-arm64/);
    });
    it('tells a file that does not load, with the reason of the system', () => {
      const whole = fs.readFileSync(bridgePath());
      const cases: [string, Buffer, RegExp][] = [
        ['cut.node', whole.subarray(0, 3000), /is cut off/],
        ['short.node', whole.subarray(0, whole.length >> 3), /is cut off/],
        ['text.node', Buffer.alloc(4096, 'this is no library'), /invalid ELF header/],
        ['empty.node', Buffer.alloc(0), /too short/],
      ];
      for (const [name, content, reason] of cases) {
        const file = path.join(folder, name);
        fs.writeFileSync(file, content);
        const { kind, text } = problem(file);
        assert.equal(kind, 'broken');
        assert.match(text, reason);
      }
      assert.equal(problem(folder).kind, 'broken');
    });
    it('tells a module that is another one', () => {
      const file = path.join(folder, 'other.cjs');
      fs.writeFileSync(file, 'module.exports = { connected: true };');
      const { kind, text } = problem(file);
      assert.equal(kind, 'broken');
      assert.match(text, /no connect\(\)/);
    });
  });
});
