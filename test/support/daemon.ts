// A real flowtapd, built with AddressSanitizer, in a folder of its own; clients that speak the wire to it; and captured
// programs. Everything runs as an ordinary user where the tests run as root.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ClientFrame,
  ProxyFrame,
  Reader,
  type FlowClosed,
  type FlowData,
  type FlowOpened,
  type Subscribe,
} from '../../gen/flow_pb.ts';
import { FrameReader } from '../../src/endpoint/framing.ts';
import { programsIn } from '../../src/proxy/paths.ts';

export const root = path.resolve(import.meta.dirname, '../..');
const { launcher } = programsIn(path.join(root, 'dist'));
export const asRoot = process.getuid?.() === 0;
const ordinaryUid = 1000;
const ordinary = asRoot ? ['setpriv', `--reuid=${ordinaryUid}`, `--regid=${ordinaryUid}`, '--clear-groups', '--'] : [];

/** Why captures cannot be tested here; builds what is needed otherwise. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the daemon is for Linux';
  const built = spawnSync(process.execPath, ['scripts/build-native.mjs', '--variant', 'asan', 'flowtapd'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(built.status, 0, built.stderr);
  if (!fs.existsSync(launcher)) return 'flowtap-run is not built';
  const check = spawnSync(launcher, ['--check'], { encoding: 'utf8' });
  return check.stdout.includes('"mode":"tproxy"') ? undefined : `TPROXY does not work: ${check.stdout}${check.stderr}`;
}

/** In a hook or a test: where there is a reason, says it and skips what the hook is for. */
export function skipFor(context: Mocha.Context, reason: string | undefined): void {
  if (!reason) return;
  console.log(`    skipped: ${reason}`);
  context.skip();
}

export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 800; i++) {
    if (await condition()) return;
    await delay(25);
  }
  assert.fail(`never: ${what}`);
}

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A client with nothing between it and the wire. */
export class WireClient {
  readonly frames: ProxyFrame[] = [];
  readonly socket: net.Socket;
  ended = false;
  readonly #reader = new FrameReader((bytes, start, end) => {
    // The reader's buffer is used again, so the decoded byte fields need their own.
    this.frames.push(ProxyFrame.decode(Reader.create(Buffer.from(bytes.subarray(start, end)))));
  });

  constructor(socketPath: string) {
    // The daemon asks the kernel who connects; that is settled within connect().
    if (asRoot) process.seteuid!(ordinaryUid);
    try {
      this.socket = net.connect(socketPath);
    } finally {
      if (asRoot) process.seteuid!(0);
    }
    this.socket.on('data', (chunk) => this.#reader.push(chunk));
    this.socket.on('close', () => (this.ended = true));
    this.socket.on('error', () => {});
  }

  static framed(bytes: Uint8Array): Buffer {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(bytes.length);
    return Buffer.concat([header, bytes]);
  }
  send(frame: Partial<ClientFrame>): void {
    this.socket.write(WireClient.framed(ClientFrame.encode(frame).finish()));
  }
  async hello(versions: number[] = [1]): Promise<this> {
    this.send({ hello: { versions, client: 'test', build: '0', token: new Uint8Array(0) } });
    await this.until('welcomed', () => this.frames.length > 0 || this.ended);
    return this;
  }
  async subscribe(part: Partial<Subscribe> = {}): Promise<this> {
    this.send({ subscribe: { query: '', bodyLimit: 1 << 20, allUsers: false, capture: '', ...part } });
    await this.until('a snapshot', () => this.frames.some((f) => f.snapshotEnd));
    return this;
  }
  async until(what: string, condition: () => boolean): Promise<void> {
    await eventually(`${what} (${this.frames.length} frames)`, condition);
  }
  get opened(): FlowOpened[] {
    return this.frames.flatMap((f) => f.opened ?? []);
  }
  get closed(): FlowClosed[] {
    return this.frames.flatMap((f) => f.closed ?? []);
  }
  get refusal(): string {
    return this.frames.flatMap((f) => f.refused?.text ?? []).join();
  }
  data(id: number): FlowData[] {
    return this.frames.flatMap((f) => (f.data?.id === id ? [f.data] : []));
  }
  text(id: number, direction: number): string {
    return Buffer.concat(this.data(id).flatMap((d) => (d.direction === direction ? [d.bytes] : []))).toString();
  }
  /** The flow to this port and its end, once it has ended. */
  async flowTo(port: number): Promise<{ opened: FlowOpened; closed: FlowClosed }> {
    let found: { opened: FlowOpened; closed: FlowClosed } | undefined;
    await this.until(`the end of a flow to port ${port}`, () => {
      const opened = this.opened.find((o) => o.destination?.port === port);
      const closed = this.closed.find((c) => c.id === opened?.id);
      if (opened && closed) found = { opened, closed };
      return found !== undefined;
    });
    return found!;
  }
}

/** One daemon with its folder, clients and captured programs; dispose() ends all of it. */
export class TestDaemon {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-daemon-'));
  readonly runtime = path.join(this.folder, 'run');
  readonly socketPath = path.join(this.runtime, 'proxy.sock');
  readonly #children: ChildProcess[] = [];
  readonly #clients: WireClient[] = [];
  program = path.join(root, 'out/asan/flowtapd');
  process: ChildProcess | undefined;
  log = '';
  /** The command in front of all others, for a network of the test's own. */
  place: readonly string[] = [];

  constructor() {
    fs.chmodSync(this.folder, 0o755);
    if (asRoot) fs.chownSync(this.folder, ordinaryUid, ordinaryUid);
  }

  spawn(command: readonly string[]): ChildProcess {
    const [file, ...args] = [...this.place, ...ordinary, ...command];
    const env = { ...process.env, HOME: this.folder, FLOWTAP_RUNTIME_DIR: this.runtime };
    const child = spawn(file!, args, { env, cwd: this.folder, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    this.#children.push(child);
    return child;
  }
  async result(child: ChildProcess): Promise<Result> {
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', (piece: string) => (text[name] += piece));
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, ...text };
  }
  /** Runs flowtapd itself with some arguments. */
  daemonCommand(args: readonly string[], limits: readonly string[] = []): string[] {
    return [...limits, this.program, ...args];
  }
  /** Starts it in the foreground. `limits`: a command in front of it, such as prlimit. */
  async start(args: readonly string[] = [], limits: readonly string[] = []): Promise<this> {
    this.process = this.spawn(this.daemonCommand(['--foreground', ...args], limits));
    this.process.stderr!.setEncoding('utf8').on('data', (piece: string) => (this.log += piece));
    await eventually('the daemon serves', () => {
      assert.equal(this.process!.exitCode, null, this.log);
      return this.log.includes(' serves');
    });
    return this;
  }
  /** Waits for its end, which is to be an orderly one. AddressSanitizer speaks on standard error. */
  async ended(): Promise<void> {
    if (this.process!.exitCode === null && this.process!.signalCode === null) await once(this.process!, 'close');
    assert.equal(this.process!.exitCode, 0, this.log);
    assert.doesNotMatch(this.log, /Sanitizer|runtime error/);
  }
  client(): WireClient {
    const client = new WireClient(this.socketPath);
    this.#clients.push(client);
    return client;
  }
  async subscriber(part: Partial<Subscribe> = {}): Promise<WireClient> {
    return (await this.client().hello()).subscribe(part);
  }
  capture(command: readonly string[], options: readonly string[] = []): ChildProcess {
    return this.spawn([launcher, ...options, '--', ...command]);
  }
  /** Runs a command captured. */
  run(command: readonly string[], options: readonly string[] = []): Promise<Result> {
    return this.result(this.capture(command, options));
  }
  /** Runs JavaScript captured; `print` writes a line of JSON, of which the last one is returned. */
  async script(code: string): Promise<unknown> {
    const prelude = `const net=require('net'),dgram=require('dgram'),print=(v)=>console.log(JSON.stringify(v));`;
    const { status, stdout, stderr } = await this.run([process.execPath, '-e', prelude + code]);
    assert.equal(status, 0, stderr);
    const last = stdout.trim().split('\n').at(-1);
    return last ? (JSON.parse(last) as unknown) : undefined;
  }
  async dispose(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    for (const child of this.#children)
      if (child !== this.process && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    const daemon = this.process;
    try {
      if (daemon && daemon.exitCode === null && daemon.signalCode === null) {
        daemon.kill('SIGTERM');
        await this.ended();
      }
    } finally {
      daemon?.kill('SIGKILL');
      fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
