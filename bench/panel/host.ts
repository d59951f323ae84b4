// What the panel asks of the host at a million flows: queries, sorting, memory.
import { headerSize } from '../../src/endpoint/framing.ts';
import { parseQuery } from '../../src/flow/query/parse.ts';
import { scan } from '../../src/flow/query/matching.ts';
import { sortSteps } from '../../src/flow/sort.ts';
import { FlowStore } from '../../src/flow/store.ts';
import { closedFrame, openedFrame } from './flows.ts';
import { median, type Note } from './report.ts';

const rounds = 7;
const t0 = 1_763_930_881_000_000;
const time = (work: () => unknown): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
};
/** The same in time of the CPU, all threads: what a busy machine does not change much. */
const cpu = (work: () => unknown): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
};
const memory = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage(); // array buffers are part of `external`
  return heapUsed + external;
};

/** HTTP flows of 40 programs to 500 hosts; every twentieth fails. */
function fill(count: number): FlowStore {
  const store = new FlowStore({ flows: count, bodyBytes: 2 ** 30 }, { schedule: () => {} });
  const source = store.addSource();
  const send = (frame: Uint8Array): void => store.feed(source, frame, headerSize);
  for (let id = 1; id <= count; id++) {
    const at = t0 + id * 37;
    send(openedFrame({ id, at }));
    send(closedFrame({ id, at: at + 3000 + (id % 5000) }));
    const status = id % 20 ? 200 : 503;
    store.setApplication(store.end - 1, { protocol: 'http', summary: `GET /item/${id % 2000} ${status}`, method: 'GET', status }); // prettier-ignore
  }
  return store;
}

export function hostHalf(note: Note): void {
  const flows = 1_000_000;
  const before = memory();
  const store = fill(flows);
  note('Memory per flow at 1,000,000 flows, dissected, without payload', `${((memory() - before) / flows).toFixed(0)} B`, '≤ 100 B'); // prettier-ignore
  const queries: [string, string][] = [
    ['down>50k', '≤ 50 ms'],
    ['port:443 down>10k status>=400', '≤ 50 ms'],
    ['item', '≤ 250 ms'],
    ['host:*.example.com summary:/item/1', '≤ 250 ms'],
    ['host:/^api-1[0-9]\\./', '≤ 250 ms'],
  ];
  for (const [text, goal] of queries) {
    const { query } = parseQuery(text);
    let found = 0;
    const ask = (): unknown => (found = scan(query!, store, t0).length);
    const [ms, ofCpu] = [time, cpu].map((taken) => median(Array.from({ length: rounds }, () => taken(ask))));
    note(`Query \`${text}\` (${found} rows); of the CPU`, `${ms!.toFixed(1)} ms; ${ofCpu!.toFixed(1)} ms`, goal);
  }
  const ids = Array.from({ length: flows }, (_, i) => store.first + i);
  for (const column of ['host', 'down', 'summary'] as const) {
    const runs = Array.from({ length: 3 }, () => {
      const steps = sortSteps(ids, column, store, t0);
      const took: number[] = [];
      for (let done = false; !done;) took.push(time(() => (done = steps.next().done === true)));
      return { all: took.reduce((a, b) => a + b), longest: Math.max(...took) };
    });
    note(`Sort of 1,000,000 rows by ${column}; the longest time without a pause`, `${median(runs.map((r) => r.all)).toFixed(0)} ms; ${median(runs.map((r) => r.longest)).toFixed(0)} ms`); // prettier-ignore
  }
}
