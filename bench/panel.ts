// What the panel asks of the host at a million flows: queries, sorting, memory; and exports of a hundred thousand.
//   npm run bench:panel      prints the table and writes bench/results/panel.md
// Scrolling in a browser is not measured here.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Direction, ProxyFrame } from '../gen/flow_pb.ts';
import { exportFormats } from '../src/capture/export.ts';
import { parseQuery } from '../src/flow/query/parse.ts';
import { scan } from '../src/flow/query/scan.ts';
import { sortIds } from '../src/flow/sort.ts';
import { FlowStore } from '../src/flow/store.ts';
import { nodeCodecs } from '../src/node/contentCodecs.ts';

const rounds = 7;
const t0 = 1_763_930_881_000_000;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const time = (work: () => unknown): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
const memory = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage(); // array buffers are part of `external`
  return heapUsed + external;
};

const response = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2000)}`); // prettier-ignore

/** HTTP flows of 40 programs to 500 hosts; every twentieth fails. */
function fill(count: number, bodies: boolean): FlowStore {
  const store = new FlowStore({ flows: count, bodyBytes: 2 ** 30 }, { schedule: () => {} });
  const source = store.addSource();
  const send = (frame: Parameters<typeof ProxyFrame.encode>[0]): void =>
    store.feed(source, ProxyFrame.encode(frame).finish());
  for (let i = 1; i <= count; i++) {
    const openedAt = t0 + i * 37;
    const name = `program-${i % 40}`;
    const request = Buffer.from(`GET /item/${i} HTTP/1.1\r\nHost: api-${i % 500}.service.example.com\r\n\r\n`);
    const [bytesUp, bytesDown] = bodies ? [request.length, response.length] : [200 + (i % 1000), (i * 7) % 100_000];
    const ends = {
      source: { address: Uint8Array.of(198, 18, 0, 2), port: 32_768 + (i % 28_000) },
      destination: { address: Uint8Array.of(203, 0, (i >> 8) & 15, i & 255), port: i % 3 ? 443 : 80 },
    };
    const who = { pid: 1000 + (i % 2000), name, path: `/usr/bin/${name}`, arguments: [], uid: 1000, ancestors: [], signingId: '', teamId: '' }; // prettier-ignore
    send({ opened: { id: i, protocol: 1, process: who, ...ends, host: `api-${i % 500}.service.example.com`, openedAt, inbound: false, capture: 'c', bytesUp: 0, bytesDown: 0, connectedAt: openedAt + 900, rule: '' } }); // prettier-ignore
    if (bodies) {
      send({ data: { id: i, direction: Direction.up, offset: 0, bytes: request, at: openedAt + 1000, length: 0 } });
      send({ data: { id: i, direction: Direction.down, offset: 0, bytes: response, at: openedAt + 2000, length: 0 } });
    }
    const status = i % 20 ? 200 : 503;
    send({ closed: { id: i, reason: i % 20 ? 1 : 3, error: 0, errorText: '', closedAt: openedAt + 3000 + (i % 5000), bytesUp, bytesDown, connectedAt: openedAt + 900, datagramsUp: 0, datagramsDown: 0 } }); // prettier-ignore
    store.setApplication(store.end - 1, { protocol: 'http', summary: `GET /item/${i % 2000} ${status}`, method: 'GET', status }); // prettier-ignore
  }
  return store;
}

const rows: [string, string][] = [];
const note = (what: string, value: string): void => {
  rows.push([what, value]);
  console.log(`${what}: ${value}`);
};

const flows = 1_000_000;
const before = memory();
const store = fill(flows, false);
note('Memory per flow at 1,000,000 flows, dissected, without payload', `${((memory() - before) / flows).toFixed(0)} B`);
for (const text of ['down>50k', 'port:443 down>10k status>=400', 'item', 'host:*.example.com summary:/item/1', 'host:/^api-1[0-9]\\./']) {
  const { query } = parseQuery(text);
  let found = 0;
  const ms = median(Array.from({ length: rounds }, () => time(() => (found = scan(query!, store, t0).length))));
  note(`Query \`${text}\` (${found} rows)`, `${ms.toFixed(1)} ms`);
} // prettier-ignore
const ids = Array.from({ length: flows }, (_, i) => store.first + i);
for (const column of ['host', 'down'] as const)
  note(`Sort of 1,000,000 rows by ${column}`, `${median(Array.from({ length: 3 }, () => time(() => sortIds([...ids], column, store, t0)))).toFixed(0)} ms`); // prettier-ignore

const exported = fill(100_000, true);
const list = Array.from({ length: exported.size }, (_, i) => exported.flow(exported.first + i)!);
const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-bench-'));
for (const format of exportFormats) {
  let size = 0;
  const ms = median(
    Array.from({ length: 3 }, () => {
      const fd = openSync(path.join(folder, format.id), 'w');
      const took = time(() => {
        size = 0;
        const options = { creator: { name: 'Flowtap', version: 'bench' }, decoders: nodeCodecs };
        for (const piece of format.write(list, exported, options))
          size += typeof piece === 'string' ? writeSync(fd, piece) : writeSync(fd, piece);
      });
      closeSync(fd);
      return took;
    }),
  );
  note(`Export of 100,000 HTTP flows to ${format.id} (${(size / 1e6).toFixed(0)} MB)`, `${(size / 1e3 / ms).toFixed(0)} MB/s`); // prettier-ignore
}
rmSync(folder, { recursive: true });

const results = path.join(import.meta.dirname, 'results');
mkdirSync(results, { recursive: true });
const machine = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, ${os.type()} ${os.release()}, Node ${process.versions.node}; load average ${os.loadavg()[0]!.toFixed(1)} at the end`;
writeFileSync(
  path.join(results, 'panel.md'),
  `# The panel's work in the host\n\n\`npm run bench:panel\`, ${new Date().toISOString().slice(0, 10)}. ${machine}. Medians.\n\n| what | measured |\n| --- | --- |\n${rows.map(([a, b]) => `| ${a} | ${b} |`).join('\n')}\n`,
);
