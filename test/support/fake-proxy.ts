// A proxy that does what a test tells it: speaks the wire on a Unix socket, captures nothing.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  Direction,
  ClientFrame,
  Mode,
  Platform,
  Protocol,
  type FlowClosed,
  type FlowOpened,
  type ProxyFrame,
  type ProxyStatus,
  ProxyStatus as ProxyStatusMessage,
  Reader,
  RefusedCode,
  Welcome,
} from '../../gen/flow_pb.ts';
import { encodeProxyFrame, FrameReader } from '../../src/endpoint/framing.ts';

export interface FakeProxyOptions {
  /** Where to listen; by default a socket in a folder of its own, which close() removes. */
  readonly path?: string;
  /** What it speaks; another version of a client is refused as the real one does. */
  readonly versions?: readonly number[];
  readonly welcome?: Partial<Welcome>;
  /** False: hello and everything after it are left to the test (onFrame). */
  readonly automatic?: boolean;
}

/** One client's connection, seen from the proxy. */
export class FakeClient {
  readonly socket: net.Socket;
  readonly frames: ClientFrame[] = [];
  subscribed = false;
  constructor(socket: net.Socket) {
    this.socket = socket;
  }
  send(frame: Partial<ProxyFrame>): void {
    if (this.socket.writable) this.socket.write(encodeProxyFrame(frame));
  }
  /** Bytes as they are, to send rubbish. */
  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }
}

export class FakeProxy {
  readonly path: string;
  readonly clients = new Set<FakeClient>();
  /** Called with every frame of every client, after the automatic answer. */
  onFrame: (client: FakeClient, frame: ClientFrame) => void = () => {};
  /** What GetStatus is answered with; live_flows, total_flows and subscribers are filled in. */
  status: Partial<ProxyStatus> = {};
  readonly #server: net.Server;
  readonly #options: FakeProxyOptions;
  readonly #folder: string | undefined;
  readonly #live = new Map<number, FlowOpened>();
  #nextId = 1;
  #rules = '';

  private constructor(at: string, folder: string | undefined, options: FakeProxyOptions) {
    this.path = at;
    this.#folder = folder;
    this.#options = options;
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  static async listen(options: FakeProxyOptions = {}): Promise<FakeProxy> {
    const folder = options.path ? undefined : await mkdtemp(path.join(os.tmpdir(), 'flowtap-fake-'));
    const proxy = new FakeProxy(options.path ?? path.join(folder!, 'proxy.sock'), folder, options);
    proxy.#server.listen(proxy.path);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** A plain connection to it, without the bridge's checks: what Session's `connect` wants. */
  readonly connect = async (): Promise<net.Socket> => connectTo(this.path);

  get liveFlows(): number {
    return this.#live.size;
  }

  #accept(socket: net.Socket): void {
    const client = new FakeClient(socket);
    this.clients.add(client);
    const reader = new FrameReader((bytes, start, end) => {
      const frame = ClientFrame.decode(Reader.create(bytes.subarray(start, end)));
      client.frames.push(frame);
      if (this.#options.automatic !== false) this.#answer(client, frame);
      this.onFrame(client, frame);
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.clients.delete(client));
  }

  #answer(client: FakeClient, frame: ClientFrame): void {
    if (frame.hello) {
      const versions = [...(this.#options.versions ?? [1])];
      if (frame.hello.versions.some((v) => versions.includes(v))) client.send({ welcome: this.welcome() });
      else {
        const text = `this proxy speaks version ${versions.join(', ')}, the client ${frame.hello.versions.join(', ')}`;
        client.send({ refused: { code: RefusedCode.version, text, versions } });
        client.socket.end();
      }
    }
    if (frame.subscribe) {
      client.subscribed = true;
      this.snapshot(client);
    }
    if (frame.getStatus) client.send({ status: this.currentStatus() });
    if (frame.setRules) this.#rules = frame.setRules.text;
    if (frame.setRules || frame.listRules)
      client.send({ rules: { text: this.#rules, line: 0, column: 0, error: '', counts: [] } });
    if (frame.stop) void this.close();
  }

  welcome(): Welcome {
    return Welcome.make({
      version: 1,
      build: 'fake',
      platform: Platform.linux,
      mode: Mode.tproxy,
      capabilities: ['rules', 'probe'],
      blindSpots: [],
      pid: process.pid,
      ...this.#options.welcome,
    });
  }

  currentStatus(): ProxyStatus {
    return ProxyStatusMessage.make({
      mode: Mode.tproxy,
      liveFlows: this.#live.size,
      totalFlows: this.#nextId - 1,
      subscribers: [...this.clients].filter((c) => c.subscribed).length,
      ...this.status,
    });
  }

  /** What a new subscriber gets, and one whose queue overflowed. */
  snapshot(client: FakeClient, resync = false): void {
    client.send({ snapshotBegin: { flows: this.#live.size, resync } });
    for (const opened of this.#live.values()) client.send({ opened });
    client.send({ snapshotEnd: {} });
  }

  /** To every subscriber. */
  send(frame: Partial<ProxyFrame>): void {
    for (const client of this.clients) if (client.subscribed) client.send(frame);
  }

  /** A flow begins: curl to 93.184.216.34:443 unless told otherwise. Returns its id. */
  open(part: Partial<FlowOpened> = {}): number {
    const id = part.id ?? this.#nextId;
    this.#nextId = Math.max(this.#nextId, id + 1);
    const opened: FlowOpened = {
      protocol: Protocol.tcp,
      process: {
        pid: 4242,
        name: 'curl',
        path: '/usr/bin/curl',
        arguments: ['curl', 'https://example.com/'],
        uid: 1000,
        ancestors: [{ pid: 4000, name: 'bash' }],
        signingId: '',
        teamId: '',
      },
      source: { address: Uint8Array.of(198, 18, 0, 2), port: 40000 + (id % 20000) },
      destination: { address: Uint8Array.of(93, 184, 216, 34), port: 443 },
      host: 'example.com',
      openedAt: Date.now() * 1000,
      inbound: false,
      capture: 'fake',
      bytesUp: 0,
      bytesDown: 0,
      connectedAt: 0,
      rule: '',
      ...part,
      id,
    };
    this.#live.set(id, opened);
    this.send({ opened });
    return id;
  }

  /** Payload of a flow, behind what it has said so far in this direction. */
  data(id: number, direction: 'up' | 'down', text: string): void {
    const flow = this.#live.get(id);
    const total = direction === 'up' ? 'bytesUp' : 'bytesDown';
    const bytes = Buffer.from(text, 'latin1');
    const offset = flow?.[total] ?? 0;
    const data = { id, direction: Direction[direction], offset, bytes, at: Date.now() * 1000, length: 0 };
    if (flow) Object.assign(flow, { [total]: offset + bytes.length });
    this.send({ data });
  }

  counters(id: number, bytesUp: number, bytesDown: number): void {
    const flow = this.#live.get(id);
    if (flow) Object.assign(flow, { bytesUp, bytesDown, connectedAt: flow.connectedAt || Date.now() * 1000 });
    this.send({
      counters: {
        id,
        bytesUp,
        bytesDown,
        connectedAt: flow?.connectedAt ?? 0,
        eofUp: false,
        eofDown: false,
        datagramsUp: 0,
        datagramsDown: 0,
      },
    });
  }

  /** A flow ends: in order, now, with the counts it has, unless told otherwise. */
  end(id: number, part: Partial<FlowClosed> = {}): void {
    const flow = this.#live.get(id);
    this.#live.delete(id);
    this.send({
      closed: {
        id,
        reason: 1,
        error: 0,
        errorText: '',
        closedAt: Date.now() * 1000,
        bytesUp: flow?.bytesUp ?? 0,
        bytesDown: flow?.bytesDown ?? 0,
        connectedAt: flow?.connectedAt ?? 0,
        datagramsUp: 0,
        datagramsDown: 0,
        ...part,
      },
    });
  }

  /** Cuts every connection but keeps listening. */
  cut(): void {
    for (const client of this.clients) client.socket.destroy();
  }

  /** The proxy ends. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.cut();
    await closed;
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Rejects with code ENOSERVICE where nothing listens, as the bridge does. */
export async function connectTo(socketPath: string): Promise<net.Socket> {
  const socket = net.connect(socketPath);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw Object.assign(new Error(`nothing listens at ${socketPath}`, { cause }), { code: 'ENOSERVICE' });
  }
  return socket;
}
