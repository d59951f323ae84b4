import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CloseReason, Protocol, ProxyFrame } from '../../../gen/flow_pb.ts';
import { isFailure, type Flow } from '../../../src/flow/model.ts';
import { compileQuery } from '../../../src/flow/query/match.ts';
import { parseQuery } from '../../../src/flow/query/parse.ts';
import { sortColumns, type SortColumn } from '../../../src/flow/sort.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { FlowView } from '../../../src/flow/view.ts';

const now = 1_800_000_000_000_000;
const hosts = ['', 'b.example', 'A.example', 'c.example'];
function opened(store: FlowStore, source: number, id: number, n: number): void {
  const frame = {
    opened: {
      id,
      protocol: n % 5 === 0 ? Protocol.udp : Protocol.tcp,
      process: {
        pid: n,
        name: ['node', 'curl', 'Bun'][n % 3]!,
        path: '',
        arguments: [],
        uid: 0,
        ancestors: [],
        signingId: '',
        teamId: '',
      },
      source: { address: Uint8Array.of(10, 0, 0, 1), port: 1000 },
      destination: { address: Uint8Array.of(10, 0, 0, n % 7), port: (n * 31) % 900 },
      host: hosts[n % 4]!,
      openedAt: now + id,
      inbound: false,
      capture: '',
      bytesUp: (n * 17) % 100,
      bytesDown: (n * 13) % 100,
      connectedAt: 0,
      rule: '',
    },
  };
  store.feed(source, ProxyFrame.encode(frame).finish());
}
function closed(store: FlowStore, source: number, id: number, n: number): void {
  const reason = [CloseReason.eof, CloseReason.refused][n % 2]!;
  store.feed(
    source,
    ProxyFrame.encode({
      closed: {
        id,
        reason,
        error: 0,
        errorText: '',
        closedAt: now + 1000 + n,
        bytesUp: n % 100,
        bytesDown: 1,
        connectedAt: 0,
        datagramsUp: 0,
        datagramsDown: 0,
      },
    }).finish(),
  );
}

/** The value that a column is ordered by, from the flow itself. */
const keys: Record<SortColumn, (f: Flow) => string | number> = {
  process: (f) => f.process.name.toLowerCase(),
  host: (f) => (f.host || f.destination.address).toLowerCase(),
  port: (f) => f.destination.port,
  protocol: (f) => `${f.application?.protocol ?? ''} ${f.protocol}`,
  summary: (f) => (f.application?.summary ?? '').toLowerCase(),
  state: (f) => (isFailure(f.reason) || f.application?.failed ? 2 : f.state === 'open' ? 0 : 1),
  reason: (f) => f.reason ?? '',
  up: (f) => f.bytesUp,
  down: (f) => f.bytesDown,
  duration: (f) => (f.closedAt || now) - f.openedAt,
  start: (f) => f.openedAt,
};

describe('a view of flows', () => {
  it('shows what matches, in order, while flows come, change, end and are evicted', () => {
    const step = fc.record({
      kind: fc.constantFrom('open', 'open', 'close', 'application', 'flush', 'clear'),
      n: fc.nat(5000),
    });
    const queries = ['', 'state:open', 'process:node', 'down>50 or host:*.example', 'protocol:http', '-reason:refused'];
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.constantFrom(...queries),
        fc.constantFrom(...sortColumns),
        fc.boolean(),
        fc.constantFrom(undefined, 0),
        (steps, text, column, descending, sortAtOnce) => {
          const store = new FlowStore({ flows: 30 }, { schedule: () => {}, now: () => now });
          const source = store.addSource();
          const waiting: (() => void)[] = [];
          const view = new FlowView(store, {
            now: () => now,
            later: (work) => waiting.push(work),
            ...(sortAtOnce !== undefined && { sortAtOnce }),
          });
          const query = parseQuery(text, now).query!;
          view.setQuery(query);
          view.setSort({ column, descending });
          let id = 0;
          for (const { kind, n } of steps) {
            if (kind === 'open') opened(store, source, ++id, n);
            else if (kind === 'close' && id > 0) closed(store, source, 1 + (n % id), n);
            else if (kind === 'application')
              store.setApplication(store.first + (n % 30), { protocol: ['http', 'tls'][n % 2]!, summary: `GET /${n}` });
            else if (kind === 'clear') store.clear();
            else if (n % 2) store.flush();
            else waiting.shift()?.(); // a step of sorting, in between
          }
          store.flush();
          while (waiting.length > 0) waiting.shift()!();
          const matches = compileQuery(query, () => now);
          const flows = Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!).filter(matches);
          const key = keys[column];
          const expected = flows
            .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id - b.id))
            .map((f) => f.id);
          if (descending) expected.reverse();
          assert.deepEqual(view.slice(0, view.count), expected);
          expected.forEach((wanted, i) => assert.equal(view.indexOf(wanted), i));
          assert.equal(view.indexOf(store.end), -1);
          assert.deepEqual(view.slice(2, 5), expected.slice(2, 5));
          view.dispose();
        },
      ),
      { numRuns: 300 },
    );
  });
  it('tells when it changed, and stops when it is disposed', () => {
    const store = new FlowStore({}, { schedule: () => {} });
    const source = store.addSource();
    const view = new FlowView(store, { now: () => now, later: () => {} });
    let told = 0;
    view.onDidChange(() => told++);
    opened(store, source, 1, 1);
    store.flush();
    assert.equal(told, 1);
    view.dispose();
    opened(store, source, 2, 1);
    store.flush();
    assert.equal(told, 1);
  });
});
