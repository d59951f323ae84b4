// Capture files of a gigabyte: how fast they are read and converted, and what memory that takes.
//   npm run bench:capture    prints the table and writes bench/results/capture-files.md
// The files are made here, in a folder of their own, and removed afterwards.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BytesOut } from '../src/capture/bytesOut.ts';
import { TcpFlag, writeTcp, type Side } from '../src/capture/packets.ts';
import { LoadedCapture } from '../src/editor/capture/document.ts';
import { defaultLimits } from '../src/flow/store.ts';
import { machine } from './machine.ts';

const fileBytes = 10 ** 9;
/** Connections at the same time. */
const overlap = 64;
const rounds = 1;
const t0 = 1_763_930_881_000_000;

// ---- the files ----

interface Format {
  readonly begin: (out: BytesOut) => void;
  readonly packet: (out: BytesOut, at: number, write: () => number) => void;
}
const formats: Readonly<Record<'pcapng' | 'pcap', Format>> = {
  pcapng: {
    begin(out) {
      for (const word of [0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28]) out.u32(word);
      for (const word of [1, 20, 101, 0, 20]) out.u32(word); // raw IP
    },
    packet(out, at, write) {
      const start = out.length;
      for (const word of [6, 0, 0, Math.floor(at / 2 ** 32), at % 2 ** 32, 0, 0]) out.u32(word);
      const wire = write();
      out.setU32(start + 20, wire);
      out.setU32(start + 24, wire);
      out.align4();
      out.u32(out.length - start + 4);
      out.setU32(start + 4, out.length - start);
    },
  },
  pcap: {
    begin(out) {
      for (const word of [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 101]) out.u32(word);
    },
    packet(out, at, write) {
      const start = out.length;
      for (const word of [Math.floor(at / 1e6), at % 1e6, 0, 0]) out.u32(word);
      const wire = write();
      out.setU32(start + 8, wire);
      out.setU32(start + 12, wire);
    },
  },
};

type Packet = readonly [from: Side, to: Side, sequence: number, acknowledgement: number, flags: number, payload: Uint8Array]; // prettier-ignore
const none = new Uint8Array(0);
const text = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'latin1'));
const segment = 1400;
const page = new Uint8Array(40 * segment).map((_, i) => 0x61 + (i % 26));

/** One connection: a request, a page of 56 KB; of a hundred segments one comes twice, one late, and one in a thousand never. */
function* connection(i: number): Generator<Packet> {
  const client = { address: Uint8Array.of(10, (i >> 16) & 255, (i >> 8) & 255, i & 255), port: 1024 + (i % 60_000) };
  const server = { address: Uint8Array.of(203, 0, 113, i % 200), port: 80 };
  const { syn, ack, psh, fin } = TcpFlag;
  const request = text(`GET /page/${i} HTTP/1.1\r\nHost: host-${i % 300}.example.com\r\nUser-Agent: bench\r\n\r\n`);
  const head = text(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${page.length}\r\n\r\n`);
  yield [client, server, 99, 0, syn, none];
  yield [server, client, 499, 100, syn | ack, none];
  yield [client, server, 100, 500, ack, none];
  yield [client, server, 100, 500, ack | psh, request];
  const up = 100 + request.length;
  yield [server, client, 500, up, ack | psh, head];
  let late: Packet | undefined;
  for (let n = 0; n < 40; n++) {
    const from = 500 + head.length + n * segment;
    const packet: Packet = [server, client, from, up, ack, page.subarray(n * segment, (n + 1) * segment)];
    const fate = (i * 40 + n) % 1000;
    if (fate % 100 === 7) late = packet;
    else if (fate !== 500) yield packet;
    if (fate % 100 === 50 && fate !== 550) yield packet;
    if (late && late !== packet) {
      yield late;
      late = undefined;
    }
    if (n % 2) yield [client, server, up, from + segment, ack, none];
  }
  if (late) yield late;
  const end = 500 + head.length + page.length;
  yield [server, client, end, up, ack | fin, none];
  yield [client, server, up, end + 1, ack | fin, none];
  yield [server, client, end + 1, up + 1, ack, none];
}

function makeFile(file: string, format: Format): { packets: number; flows: number } {
  const fd = fs.openSync(file, 'w');
  const out = new BytesOut(4 << 20);
  const under: Generator<Packet>[] = [];
  let [written, packets, flows] = [0, 0, 0];
  format.begin(out);
  for (let turn = 0; written < fileBytes || under.length > 0; turn++) {
    while (written < fileBytes && under.length < overlap) under.push(connection(flows++));
    const at = turn % under.length;
    const next = under[at]!.next();
    if (next.done) {
      under.splice(at, 1);
      continue;
    }
    const [from, to, sequence, acknowledgement, flags, payload] = next.value;
    const start = out.length;
    format.packet(out, t0 + packets++ * 11, () => writeTcp(out, from, to, { sequence, acknowledgement, flags }, payload)); // prettier-ignore
    written += out.length - start;
    if (out.length > 2 << 20) fs.writeSync(fd, out.take());
  }
  fs.writeSync(fd, out.take());
  fs.closeSync(fd);
  return { packets, flows };
}

// ---- what is measured, each in a process of its own ----

interface Figures {
  readonly seconds: number;
  /** Seconds of CPU time. */
  readonly cpu: number;
  readonly peak: number;
  readonly flows: number;
}

/** The editor's own path: a store with its default limits, a notice after every piece. */
async function openInEditor(file: string): Promise<Figures> {
  const capture = new LoadedCapture(file, defaultLimits, String);
  const start = process.hrtime.bigint();
  await capture.load(() => {});
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, peak: maxRSS / 1024, flows: capture.store.size };
}

const root = path.resolve(import.meta.dirname, '..');
function run(args: readonly string[]): Figures {
  const start = process.hrtime.bigint();
  const child = spawnSync('/usr/bin/time', ['-f', '%M %U %S', process.execPath, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (child.status !== 0) throw new Error(`${args.join(' ')}: ${child.stderr}`);
  if (child.stdout) return JSON.parse(child.stdout) as Figures;
  const [peak, user, system] = child.stderr.trim().split('\n').at(-1)!.split(' ').map(Number) as [
    number,
    number,
    number,
  ];
  return { seconds, cpu: user + system, peak: peak / 1024, flows: 0 };
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function report(): Promise<void> {
  const { setUpAll } = await import('../scripts/setup.mjs');
  await setUpAll(['bundles']); // the command line is measured as it is packaged
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-bench-'));
  const rows: string[] = [];
  try {
    for (const name of ['pcapng', 'pcap'] as const) {
      const file = path.join(folder, `big.${name}`);
      const { packets, flows } = makeFile(file, formats[name]);
      const size = fs.statSync(file).size;
      const works: [string, string[]][] = [
        ['opened in the editor', [import.meta.filename, file]],
        ...(['jsonl', 'pcapng', 'har'] as const).map((to): [string, string[]] => [`flowtap export to ${to}`, ['dist/cli.js', 'export', file, '-o', path.join(folder, `out.${to}`)]]), // prettier-ignore
      ];
      for (const [title, args] of works) {
        const figures = Array.from({ length: rounds }, () => run(args));
        const seconds = median(figures.map((f) => f.seconds));
        const cpu = median(figures.map((f) => f.cpu));
        const peak = Math.max(...figures.map((f) => f.peak));
        rows.push(`| ${name}, ${(size / 1e6).toFixed(0)} MB, ${packets} packets, ${flows} flows | ${title} | ${seconds.toFixed(1)} s | ${cpu.toFixed(1)} s | ${(size / 1e6 / cpu).toFixed(0)} MB/s | ${peak.toFixed(0)} MiB |`); // prettier-ignore
        console.log(rows.at(-1));
      }
      fs.rmSync(file);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  const report = `# Capture files of a gigabyte

HTTP over TCP, ${overlap} connections at a time, segments of ${segment} bytes; one in a hundred comes twice, one late, one in a
thousand never. The editor keeps the first MiB of each direction of a flow and ${defaultLimits.bodyBytes >> 20} MiB of payload in all, the command line
16 MiB and 1 GiB. Times count from the start of the process; one run each. Memory is the highest resident size.

| file | work | time | CPU time | of the file for each second of CPU time | memory |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join('\n')}

Machine: ${machine()}.
Made by \`npm run bench:capture\`.
`;
  fs.writeFileSync(path.join(import.meta.dirname, 'results/capture-files.md'), report);
}

const [file] = process.argv.slice(2);
if (file) console.log(JSON.stringify(await openInEditor(file)));
else await report();
