// How fast flows come in, what they cost and how fast they are looked through: the store's columns beside a plain
// array of protobufjs objects, in the same run.
//   npm run bench            prints the table and writes bench/results/ingest.md
// Each figure is taken in a process of its own; the two contenders take turns, and the median of the rounds counts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ProxyFrame, Reader, type FlowOpened } from '../gen/flow_pb.ts';
import { encodeProxyFrame, FrameReader } from '../src/endpoint/framing.ts';
import { FlowStore } from '../src/flow/store.ts';
import { machine } from './machine.ts';

const chunkSize = 64 * 1024;
/** Flows that are live at the same time. */
const overlap = 500;
const rateFlows = 150_000;
const heldFlows = 1_000_000;
const rounds = 3;

// ---- the load ----

const t0 = 1_763_930_881_000_000;
const host = (i: number): string => `api-${i % 500}.service.example.com`;
const payload = new Uint8Array(512).fill(0x61);

/** Lifecycle of flow `i`: opened, counters, closed; with `bodies` a piece of payload in each direction as well. */
function* events(
  i: number,
  phase: 'begin' | 'end',
  bodies: boolean,
): Generator<Parameters<typeof encodeProxyFrame>[0]> {
  const openedAt = t0 + i * 37;
  const program = i % 40;
  const up = 200 + (i % 1000);
  const down = 1024 + ((i * 7) % 100_000);
  const connectedAt = openedAt + 2000;
  if (phase === 'begin') {
    yield {
      opened: {
        id: i,
        protocol: 1,
        process: {
          pid: 1000 + (i % 2000),
          name: `program-${program}`,
          path: `/usr/lib/app-${program}/bin/program-${program}`,
          arguments: [],
          uid: 1000,
          ancestors: [],
          signingId: '',
          teamId: '',
        },
        source: { address: Uint8Array.of(198, 18, 0, 2), port: 32_768 + (i % 28_000) },
        destination: { address: Uint8Array.of(203, 0, (i >> 8) & 15, i & 255), port: i % 3 ? 443 : 80 },
        host: host(i),
        openedAt,
        inbound: false,
        capture: 'vscode-4242-Jx8sQ0aB',
        bytesUp: 0,
        bytesDown: 0,
        connectedAt: 0,
        rule: '',
      },
    };
    return;
  }
  if (bodies) {
    yield { data: { id: i, direction: 1, offset: 0, bytes: payload, at: connectedAt, length: 0 } };
    yield { data: { id: i, direction: 2, offset: 0, bytes: payload, at: connectedAt, length: 0 } };
  }
  const datagrams = { datagramsUp: 0, datagramsDown: 0 };
  yield { counters: { id: i, bytesUp: up, bytesDown: down, connectedAt, eofUp: false, eofDown: false, ...datagrams } };
  yield {
    closed: {
      id: i,
      reason: 1,
      error: 0,
      errorText: '',
      closedAt: openedAt + 5000,
      bytesUp: up,
      bytesDown: down,
      connectedAt,
      ...datagrams,
    },
  };
}

/** The byte stream of flows [from, to), in chunks as a socket gives them. */
function* stream(from: number, to: number, options: { bodies: boolean; end: boolean }): Generator<Uint8Array> {
  let chunk = new Uint8Array(chunkSize);
  let fill = 0;
  for (let i = from; i < to + overlap; i++) {
    const begin = i < to ? [...events(i, 'begin', options.bodies)] : [];
    const end = options.end && i - overlap >= from ? [...events(i - overlap, 'end', options.bodies)] : [];
    for (const event of [...begin, ...end]) {
      let bytes = encodeProxyFrame(event);
      while (bytes.length > 0) {
        const take = Math.min(bytes.length, chunkSize - fill);
        chunk.set(bytes.subarray(0, take), fill);
        fill += take;
        bytes = bytes.subarray(take);
        if (fill === chunkSize) {
          yield chunk;
          chunk = new Uint8Array(chunkSize);
          fill = 0;
        }
      }
    }
  }
  if (fill > 0) yield chunk.subarray(0, fill);
}

// ---- the contenders ----

interface Contender {
  push(chunk: Uint8Array): void;
  /** Flows to port 443 of one host with more than 50,000 bytes down. */
  scan(): number;
  readonly flows: number;
}

class Columns implements Contender {
  readonly #store = new FlowStore({ flows: 2_000_000 });
  readonly #source = this.#store.addSource();
  readonly #reader = new FrameReader((bytes, start, end) => this.#store.feed(this.#source, bytes, start, end));
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }
  get flows(): number {
    return this.#store.size;
  }
  scan(): number {
    const { names } = this.#store.dictionaries;
    let wanted = -1;
    for (let i = 0; i < names.size; i++) if (names.has(i) && names.get(i) === host(7)) wanted = i;
    let hits = 0;
    for (const { group, from, to } of this.#store.slices()) {
      const { destinationPort, host: hosts, bytesDown } = group;
      for (let i = from; i < to; i++)
        if (destinationPort[i] === 443 && hosts[i] === wanted && bytesDown[i]! > 50_000) hits++;
    }
    return hits;
  }
}

class Objects implements Contender {
  readonly #list: FlowOpened[] = [];
  readonly #live = new Map<number, FlowOpened & { body?: Uint8Array[] }>();
  readonly #reader = new FrameReader((bytes, start, end) => this.#take(bytes, start, end));
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }
  #take(bytes: Uint8Array, start: number, end: number): void {
    const reader = Reader.create(bytes);
    reader.pos = start;
    const frame = ProxyFrame.decode(reader, end - start);
    if (frame.opened) {
      this.#list.push(frame.opened);
      this.#live.set(frame.opened.id, frame.opened);
    } else if (frame.counters) {
      const flow = this.#live.get(frame.counters.id);
      if (flow) Object.assign(flow, frame.counters);
    } else if (frame.data) {
      const flow = this.#live.get(frame.data.id);
      if (flow) (flow.body ??= []).push(frame.data.bytes.slice());
    } else if (frame.closed) {
      const flow = this.#live.get(frame.closed.id);
      if (flow) Object.assign(flow, frame.closed);
      this.#live.delete(frame.closed.id);
    }
  }
  get flows(): number {
    return this.#list.length;
  }
  scan(): number {
    const wanted = host(7);
    let hits = 0;
    for (const flow of this.#list)
      if (flow.destination?.port === 443 && flow.host === wanted && flow.bytesDown > 50_000) hits++;
    return hits;
  }
}

const contenders = { columns: () => new Columns(), objects: () => new Objects() };
type Name = keyof typeof contenders;

// ---- what is measured, each in a process of its own ----

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const measures = {
  /** Events per second of CPU time. */
  rate: (name: Name) => rate(name, false),
  /** The same with two pieces of payload of 512 bytes for each flow. */
  rateWithPayload: (name: Name) => rate(name, true),
  /** Bytes for each flow that has ended. */
  memory: (name: Name) => memory(name, true),
  /** Bytes for each flow when all are live. */
  memoryLive: (name: Name) => memory(name, false),
  /** Milliseconds of CPU time for a scan of a million flows. */
  scan(name: Name): number {
    const contender = fill(name, true);
    for (let i = 0; i < 5; i++) contender.scan();
    return median(Array.from({ length: 21 }, () => cpu(() => contender.scan()) * 1000));
  },
};
type Measure = keyof typeof measures;

/** Seconds of CPU time of this process. */
function cpu(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function rate(name: Name, bodies: boolean): number {
  const chunks = [...stream(1, 1 + rateFlows, { bodies, end: true })];
  const perFlow = bodies ? 5 : 3;
  const once = (): number => {
    const contender = contenders[name]();
    return cpu(() => {
      for (const chunk of chunks) contender.push(chunk);
    });
  };
  once();
  once();
  return (rateFlows * perFlow) / median(Array.from({ length: 15 }, once));
}

function fill(name: Name, end: boolean): Contender {
  const contender = contenders[name]();
  for (const chunk of stream(1, 1 + heldFlows, { bodies: false, end })) contender.push(chunk);
  if (contender.flows !== heldFlows) throw new Error(`${contender.flows} flows`);
  return contender;
}

function warmUp(name: Name, end: boolean): void {
  const contender = contenders[name]();
  for (const chunk of stream(1, 20_000, { bodies: false, end })) contender.push(chunk);
}

async function memory(name: Name, end: boolean): Promise<number> {
  const used = async (): Promise<{ heapUsed: number; arrayBuffers: number }> => {
    // Buffers are given back a little after they were found to be garbage.
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return process.memoryUsage();
  };
  // Code and tables that the first flows bring along are not the flows' own.
  warmUp(name, end);
  const before = await used();
  const contender = fill(name, end);
  const after = await used();
  // The heap may have shrunk for other reasons, such as code that is not used any more; that is no merit.
  const heap = Math.max(0, after.heapUsed - before.heapUsed);
  return (after.arrayBuffers - before.arrayBuffers + heap) / contender.flows;
}

// ---- the table ----

function measure(name: Name, what: Measure): number {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=4096', import.meta.filename, name, what],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${name} ${what}: ${stderr}`);
  return Number(stdout);
}

function report(): void {
  const figures = new Map<string, number[]>();
  const repeated: Measure[] = ['rate', 'rateWithPayload', 'scan'];
  const plan: [Measure, number][] = (Object.keys(measures) as Measure[]).map((m) => [
    m,
    repeated.includes(m) ? rounds : 1,
  ]);
  for (const [what, times] of plan)
    for (let round = 0; round < times; round++)
      for (const name of Object.keys(contenders) as Name[]) {
        const key = `${name} ${what}`;
        figures.set(key, [...(figures.get(key) ?? []), measure(name, what)]);
        process.stderr.write(`  ${key}: ${figures.get(key)!.at(-1)!.toPrecision(3)}\n`);
      }
  const figure = (name: Name, what: Measure): number => median(figures.get(`${name} ${what}`)!);
  const million = (name: Name, what: Measure): string => (figure(name, what) / 1e6).toFixed(2);
  const row = (title: string, show: (name: Name) => string, goal: string): string =>
    `| ${title} | ${show('columns')} | ${show('objects')} | ${goal} |`;
  const table = [
    '| | columns | objects | goal |',
    '| --- | ---: | ---: | ---: |',
    row('million events per CPU second: opened, counters, closed', (n) => million(n, 'rate'), '≥ 2'),
    row('the same with two pieces of payload of 512 bytes', (n) => million(n, 'rateWithPayload'), ''),
    row('bytes per flow, 1,000,000 ended flows', (n) => figure(n, 'memory').toFixed(0), '≤ 80'),
    row('bytes per flow, 1,000,000 live flows', (n) => figure(n, 'memoryLive').toFixed(0), ''),
    row('scan of 1,000,000 flows with three predicates, ms', (n) => figure(n, 'scan').toFixed(1), '≤ 5'),
  ].join('\n');
  const text = `# Flows coming in

Columns: \`FlowStore\` of src/flow. Objects: a plain array of the messages that protobufjs' Reader decodes, updated in
place. Both get the same byte stream in chunks of 64 KiB through the same framing. CPU time is that of the process,
garbage collection included; the median of ${rounds} rounds in processes of their own, taken in turns. 2,000 processes,
500 hosts, 4,096 addresses.

${table}

Machine: ${machine()}.
Made by \`npm run bench\`.
`;
  const file = path.join(import.meta.dirname, 'results/ingest.md');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  console.log(text);
}

const [name, what] = process.argv.slice(2) as [Name | undefined, Measure | undefined];
if (name && what) console.log(await measures[what](name));
else if (process.argv.includes('--help'))
  console.log(
    'npm run bench\n\nHow fast flows come in, what they cost and how fast they are looked through. Takes about three minutes;\nprints the table and writes bench/results/ingest.md.',
  );
else report();
