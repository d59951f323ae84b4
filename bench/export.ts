// How fast flows are written to files: 100,000 HTTP flows with their payload, to the disk and to nowhere.
//   npm run bench:export     prints the table and writes bench/results/export.md
// Each format in a process of its own; CPU time and wall time, medians of the rounds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Direction, ProxyFrame } from '../gen/flow_pb.ts';
import { exportFormats } from '../src/capture/export.ts';
import type { Flow } from '../src/flow/model.ts';
import { FlowStore } from '../src/flow/store.ts';
import { nodeBase64, nodeCodecs } from '../src/node/contentCodecs.ts';
import { payloadCodec } from '../src/node/payloadCodec.ts';
import { machine } from './machine.ts';

const count = 100_000;
const rounds = 5;
const t0 = 1_763_930_881_000_000;

/** Half of the bodies are text, a quarter JSON with much to escape, a quarter bytes. */
function responseOf(i: number): Buffer {
  const kind = i % 4;
  const body =
    kind < 2
      ? Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(45).slice(0, 2000))
      : kind === 2
        ? Buffer.from(JSON.stringify(Array.from({ length: 40 }, (_, n) => ({ id: n, name: `item "${n}"`, tags: ['a\\b', 'ü'] }))))
        : Buffer.from(Uint8Array.from({ length: 2000 }, (_, n) => (n * 7919 + i) & 255)); // prettier-ignore
  const type = ['text/plain', 'text/html; charset=utf-8', 'application/json', 'image/png'][kind];
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`), body]); // prettier-ignore
}

function fill(): { store: FlowStore; flows: Flow[] } {
  const store = new FlowStore({ flows: count, bodyBytes: 2 ** 30 }, { schedule: () => {}, codec: payloadCodec });
  const source = store.addSource();
  const send = (frame: Parameters<typeof ProxyFrame.encode>[0]): void =>
    store.feed(source, ProxyFrame.encode(frame).finish());
  const responses = Array.from({ length: 200 }, (_, i) => responseOf(i));
  const none = { lostDatagramsUp: 0, lostDatagramsDown: 0, lostBytesUp: 0, lostBytesDown: 0 };
  for (let id = 1; id <= count; id++) {
    const openedAt = t0 + id * 37;
    const name = `program-${id % 40}`;
    const request = Buffer.from(`GET /item/${id} HTTP/1.1\r\nHost: api-${id % 500}.service.example.com\r\nAccept: */*\r\n\r\n`); // prettier-ignore
    const response = responses[id % responses.length]!;
    const connectedAt = openedAt + 900;
    const process = { pid: 1000 + (id % 2000), name, path: `/usr/bin/${name}`, arguments: [], uid: 1000, ancestors: [], signingId: '', teamId: '' }; // prettier-ignore
    const source = { address: Uint8Array.of(198, 18, 0, 2), port: 32_768 + (id % 28_000) };
    const destination = { address: Uint8Array.of(203, 0, (id >> 8) & 15, id & 255), port: 80 };
    send({ opened: { id, protocol: 1, process, source, destination, host: '', openedAt, inbound: false, capture: 'c', bytesUp: 0, bytesDown: 0, connectedAt, rule: '' } }); // prettier-ignore
    send({ data: { id, direction: Direction.up, offset: 0, bytes: request, at: openedAt + 1000, length: 0 } });
    send({ data: { id, direction: Direction.down, offset: 0, bytes: response, at: openedAt + 2000, length: 0 } });
    send({ closed: { id, reason: 1, error: 0, errorText: '', closedAt: openedAt + 3000, bytesUp: request.length, bytesDown: response.length, connectedAt, datagramsUp: 0, datagramsDown: 0, ...none } }); // prettier-ignore
  }
  return { store, flows: Array.from({ length: count }, (_, i) => store.flow(store.first + i)!) };
}

interface Figures {
  readonly bytes: number;
  readonly cpu: number;
  readonly wall: number;
}

async function measure(id: string): Promise<Figures> {
  const format = exportFormats.find((f) => f.id === id)!;
  const { store, flows } = fill();
  // As in the editor: by then payload that gains by it is compressed, and is unfolded for the export.
  await delay(5000);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-bench-'));
  const once = (): Figures => {
    const fd = openSync(path.join(folder, 'out'), 'w');
    const before = process.cpuUsage();
    const start = process.hrtime.bigint();
    let bytes = 0;
    for (const piece of format.write(flows, store, {
      creator: { name: 'Flowtap', version: 'bench' },
      decoders: nodeCodecs,
      base64: nodeBase64,
    }))
      // prettier-ignore
      bytes += writeSync(fd, typeof piece === 'string' ? Buffer.from(piece) : piece);
    const wall = Number(process.hrtime.bigint() - start) / 1e9;
    const { user, system } = process.cpuUsage(before);
    closeSync(fd);
    return { bytes, cpu: (user + system) / 1e6, wall };
  };
  once();
  const all = Array.from({ length: rounds }, once);
  rmSync(folder, { recursive: true });
  const median = (of: (f: Figures) => number): number => all.map(of).toSorted((a, b) => a - b)[rounds >> 1]!;
  return { bytes: all[0]!.bytes, cpu: median((f) => f.cpu), wall: median((f) => f.wall) };
}

function report(): void {
  const rows = exportFormats.map(({ id }) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, id], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${id}: ${stderr}`);
    const { bytes, cpu, wall } = JSON.parse(stdout) as Figures;
    const row = `| ${id} | ${(bytes / 1e6).toFixed(0)} MB | ${(bytes / 1e6 / cpu).toFixed(0)} MB/s | ${(bytes / 1e6 / wall).toFixed(0)} MB/s |`;
    console.log(row);
    return row;
  });
  const text = `# Flows written to files

100,000 HTTP flows with a request and a response of about 2 KB: half text, a quarter JSON with much to escape, a quarter
bytes, which HAR has as base64. Megabytes of the file for each second of CPU time of the process (garbage collection and
writing to the disk included), and for each second that went by. The goal is 100 MB/s. Medians of ${rounds}.

| format | file | of CPU time | of time |
| --- | ---: | ---: | ---: |
${rows.join('\n')}

Machine: ${machine()}.
Made by \`npm run bench:export\`.
`;
  writeFileSync(path.join(import.meta.dirname, 'results/export.md'), text);
}

const [id] = process.argv.slice(2);
if (id && !id.startsWith('-')) console.log(JSON.stringify(await measure(id)));
else if (process.argv.includes('--help'))
  console.log(
    'npm run bench:export\n\nHow fast 100,000 HTTP flows are written to pcapng, HAR and JSON lines. Takes about two minutes;\nprints the table and writes bench/results/export.md.',
  );
else report();
