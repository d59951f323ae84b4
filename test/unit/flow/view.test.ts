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
      kind: fc.constantFrom(
        'open',
        'open',
        'open',
        'close',
        'application',
        'flush',
        'turn',
        'turn',
        'clear',
        'query',
        'sort',
      ),
      n: fc.nat(5000),
    });
    const queries = [
      '', 'state:open', 'process:node', 'down>50 or host:*.example', 'protocol:http', '-reason:refused',
      'summary:/[13579]$/', 'down>20 summary:/GET/ -process:/^c/', 'process:/o/ port>300 host:/./',
    ]; // prettier-ignore
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.constantFrom(...queries),
        fc.constantFrom(...sortColumns),
        fc.boolean(),
        fc.constantFrom(undefined, 0),
        fc.constantFrom(undefined, 0, 40, 300),
        (steps, firstText, firstColumn, firstDescending, sortAtOnce, searchAtOnce) => {
          let [text, column, descending] = [firstText, firstColumn, firstDescending];
          const store = new FlowStore({ flows: 30 }, { schedule: () => {}, now: () => now });
          const source = store.addSource();
          const waiting: (() => void)[] = [];
          const view = new FlowView(store, {
            now: () => now,
            later: (work) => waiting.push(work),
            ...(sortAtOnce !== undefined && { sortAtOnce }),
            ...(searchAtOnce !== undefined && { searchAtOnce }),
          });
          view.setQuery(parseQuery(text, now).query!);
          view.setSort({ column, descending });
          let id = 0;
          for (const { kind, n } of steps) {
            if (kind === 'open') opened(store, source, ++id, n);
            else if (kind === 'close' && id > 0) closed(store, source, 1 + (n % id), n);
            else if (kind === 'application')
              store.setApplication(store.first + (n % 30), { protocol: ['http', 'tls'][n % 2]!, summary: `GET /${n}` });
            else if (kind === 'clear') store.clear();
            else if (kind === 'query') view.setQuery(parseQuery((text = queries[n % queries.length]!), now).query!);
            else if (kind === 'sort') {
              column = sortColumns[n % sortColumns.length]!;
              descending = n % 2 === 0;
              view.setSort({ column, descending });
            } else if (kind === 'flush') store.flush();
            else waiting.shift()?.(); // a step of searching or sorting, in between
          }
          store.flush();
          while (waiting.length > 0) waiting.shift()!();
          assert.equal(view.busy, false);
          const query = parseQuery(text, now).query!;
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
      { numRuns: 600 },
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

  describe('asked for a costly expression', () => {
    const costly = '(a?){100}(a+)+b'; // hundreds of steps for each character
    function setUp(count: number) {
      const store = new FlowStore({}, { schedule: () => {}, now: () => now });
      const source = store.addSource();
      const waiting: (() => void)[] = [];
      const view = new FlowView(store, { now: () => now, later: (work) => waiting.push(work), searchAtOnce: 500_000 });
      const add = (n: number): void => {
        opened(store, source, n, n);
        store.setApplication(store.end - 1, {
          protocol: 'http',
          summary: `${'a'.repeat(300)} ${n % 2 ? 'ab' : 'c'} ${n}`,
        });
      };
      for (let n = 1; n <= count; n++) add(n);
      store.flush();
      let told = 0;
      view.onDidChange(() => told++);
      const drain = (): number => {
        let turns = 0;
        for (; waiting.length > 0; turns++) waiting.shift()!();
        return turns;
      };
      const ask = (text: string): void => view.setQuery(parseQuery(text, now).query!);
      return { store, view, waiting, add, drain, ask, told: () => told };
    }
    const odd = (count: number): number[] => Array.from({ length: count / 2 }, (_, i) => 2 * i + 1);

    it('goes on in many small steps, and shows the rows of before until it is done', () => {
      const { view, drain, ask, waiting, told } = setUp(400);
      assert.equal(view.busy, false);
      ask(`summary:/${costly}/`);
      assert.deepEqual([view.searching, view.busy, view.count, waiting.length], [true, true, 400, 1]);
      waiting.shift()!();
      assert.deepEqual([view.searching, view.count, told()], [true, 400, 1], 'a step that ends nothing tells nothing');
      const turns = drain();
      assert.ok(turns > 10, `${turns} turns`);
      assert.deepEqual([view.searching, view.busy, told()], [false, false, 2]);
      assert.deepEqual(view.slice(0, 400), odd(400));
    });
    it('says when all was found, also where the query is another by then or the view is gone', async () => {
      const { view, drain, ask, waiting } = setUp(400);
      assert.equal(await view.found(), true);
      ask('process:node');
      ask(`summary:/${costly}/`);
      const found = view.found().then((all) => [all, view.searching, view.count]);
      waiting.shift()!();
      ask(`summary:/x${costly}/`);
      drain();
      assert.deepEqual(await found, [true, false, 0]);
      ask(`summary:/${costly}/`);
      const never = view.found();
      view.dispose();
      assert.equal(await never, false);
    });
    it('judges a text once, however many rows have it and however often they change', () => {
      const { view, drain, ask, store } = setUp(400);
      ask(`summary:/${costly}/`);
      drain();
      for (let id = 1; id <= 400; id++) store.setApplication(id, { ...store.flow(id)!.application! });
      store.flush();
      assert.equal(drain(), 0);
      assert.equal(view.count, 200);
    });
    it('is ended by the next query', () => {
      const { view, drain, ask, waiting } = setUp(400);
      ask(`summary:/${costly}/`);
      ask('process:node');
      assert.deepEqual([view.searching, view.count, waiting.length], [false, 133, 1]);
      assert.equal(drain(), 1);
      assert.equal(view.count, 133);
    });
    it('takes many new rows in steps as well', () => {
      const { view, drain, ask, add, store } = setUp(2);
      ask(`summary:/${costly}/`);
      drain();
      for (let n = 3; n <= 400; n++) add(n);
      store.flush();
      assert.equal(view.searching, false, 'the rows are those of this query');
      assert.ok(view.busy && view.count < 100);
      assert.ok(drain() > 10);
      assert.deepEqual([view.busy, view.slice(0, 400)], [false, odd(400)]);
    });
    it('tells texts apart whose place in the dictionary was given to another meanwhile', () => {
      const { view, drain, ask, store, waiting } = setUp(60);
      ask(`summary:/${costly}/`);
      waiting.shift()!();
      // The texts are let go, then others take their places.
      const say = (text: (id: number) => string): void => {
        for (let id = store.first; id < store.end; id++)
          store.setApplication(id, { protocol: 'http', summary: text(id) });
      };
      say(() => 'c');
      store.clear();
      say((id) => `${'a'.repeat(200)} ${id % 2 ? 'ab' : 'c'} ${id}`);
      store.flush();
      drain();
      const matches = compileQuery(parseQuery(`summary:/${costly}/`, now).query!);
      const expected = Array.from({ length: store.size }, (_, i) => store.first + i).filter((id) =>
        matches(store.flow(id)!),
      );
      assert.equal(expected.length, 30);
      assert.deepEqual(view.slice(0, 100), expected);
    });
    it('stops when it is disposed', () => {
      const { view, drain, ask } = setUp(400);
      ask(`summary:/${costly}/`);
      view.dispose();
      assert.equal(drain(), 1);
    });
  });
});
