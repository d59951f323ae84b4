// The store against a model of plain objects, over random histories of two proxies.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CloseReason } from '../../../gen/flow_pb.ts';
import type { Flow } from '../../../src/flow/model.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { closed, counters, data, opened, snapshotBegin, snapshotEnd } from '../../support/wire.ts';

interface Modelled {
  label: string;
  openedAt: number;
  state: 'open' | 'closed';
  reason: string | undefined;
  up: string;
  bytesUp: number;
  bytesDown: number;
}

/** What a proxy did, with ids of its own; `fresh` ones take a new beginning for the same id. */
type Step =
  | { kind: 'open'; source: number; id: number; again: boolean }
  | { kind: 'count'; source: number; id: number; up: number; down: number }
  | { kind: 'data'; source: number; id: number; back: number; text: string }
  | { kind: 'close'; source: number; id: number }
  | { kind: 'lost'; source: number }
  | { kind: 'snapshot'; source: number; ids: number[] }
  | { kind: 'clear' };

const source = fc.nat(1);
const id = fc.integer({ min: 1, max: 6 }).map((n) => n * 65536 + n); // ids that meet in a careless hash
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('open' as const), source, id, again: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('count' as const), source, id, up: fc.nat(99), down: fc.nat(99) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      source,
      id,
      back: fc.nat(3),
      text: fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('a', 'b', 'c') }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('close' as const), source, id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), source }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('snapshot' as const), source, ids: fc.uniqueArray(id, { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

class Model {
  flows: Modelled[] = [];
  /** Per proxy, what its ids mean: live flows, and those lost with it. */
  readonly known = [new Map<number, Modelled>(), new Map<number, Modelled>()];
  #now = 1_700_000_000_000_000;

  open(s: number, flowId: number, again: boolean): number {
    const former = this.known[s]!.get(flowId);
    if (former && again) {
      former.state = 'open';
      former.reason = undefined;
      return former.openedAt;
    }
    if (former?.state === 'open') this.#lose(former);
    const flow: Modelled = {
      label: `${s}/${this.#now}`,
      openedAt: ++this.#now,
      state: 'open',
      reason: undefined,
      up: '',
      bytesUp: 0,
      bytesDown: 0,
    };
    flow.label = `${s}/${flow.openedAt}`;
    this.flows.push(flow);
    this.known[s]!.set(flowId, flow);
    return flow.openedAt;
  }
  live(s: number, flowId: number): Modelled | undefined {
    const flow = this.known[s]!.get(flowId);
    return flow?.state === 'open' ? flow : undefined;
  }
  lost(s: number): void {
    for (const flow of this.known[s]!.values()) if (flow.state === 'open') this.#lose(flow);
  }
  #lose(flow: Modelled): void {
    flow.state = 'closed';
    flow.reason = 'lost';
  }
  snapshot(s: number, ids: number[]): void {
    for (const [flowId, flow] of this.known[s]!) {
      if (ids.includes(flowId)) continue;
      if (flow.state === 'open') this.#lose(flow);
      this.known[s]!.delete(flowId);
    }
  }
  clear(): void {
    const live = new Set(this.flows.filter((f) => f.state === 'open'));
    this.flows = [...live];
    for (const known of this.known) for (const [flowId, flow] of known) if (!live.has(flow)) known.delete(flowId);
  }
}

function apply(store: FlowStore, model: Model, s: Step): void {
  const label = (source: number, openedAt: number): string => `${source}/${openedAt}`;
  const open = (source: number, flowId: number, again: boolean): void => {
    const openedAt = model.open(source, flowId, again);
    store.feed(source, opened({ id: flowId, host: label(source, openedAt), openedAt }));
  };
  switch (s.kind) {
    case 'open':
      return open(s.source, s.id, s.again);
    case 'count': {
      const flow = model.live(s.source, s.id);
      if (flow) {
        flow.bytesUp = Math.max(flow.bytesUp, s.up);
        flow.bytesDown = Math.max(flow.bytesDown, s.down);
      }
      return store.feed(s.source, counters({ id: s.id, bytesUp: s.up, bytesDown: s.down }));
    }
    case 'data': {
      const flow = model.live(s.source, s.id);
      const offset = Math.max(0, (flow?.up.length ?? 0) - s.back);
      if (flow) {
        flow.up += s.text.slice(flow.up.length - offset);
        flow.bytesUp = Math.max(flow.bytesUp, offset + s.text.length);
      }
      return store.feed(s.source, data(s.id, 'up', offset, new TextEncoder().encode(s.text)));
    }
    case 'close': {
      const flow = model.known[s.source]!.get(s.id);
      if (flow) Object.assign(flow, { state: 'closed', reason: 'refused', bytesUp: 7, bytesDown: 8 });
      model.known[s.source]!.delete(s.id);
      return store.feed(s.source, closed({ id: s.id, reason: CloseReason.refused, bytesUp: 7, bytesDown: 8 }));
    }
    case 'lost':
      model.lost(s.source);
      return store.sourceLost(s.source);
    case 'snapshot':
      store.feed(s.source, snapshotBegin());
      for (const flowId of s.ids) open(s.source, flowId, true);
      model.snapshot(s.source, s.ids);
      return store.feed(s.source, snapshotEnd());
    case 'clear':
      model.clear();
      return store.clear();
  }
}

const rows = (store: FlowStore): Flow[] => Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!);
const seen = (store: FlowStore): Modelled[] =>
  rows(store).map((f) => ({
    label: f.host,
    openedAt: f.openedAt,
    state: f.state,
    reason: f.reason,
    up: Buffer.concat(store.body(f.id, 'up').chunks.map((c) => c.bytes)).toString(),
    bytesUp: f.bytesUp,
    bytesDown: f.bytesDown,
  }));
const byLabel = (a: Modelled, b: Modelled): number => (a.label < b.label ? -1 : 1);

function fresh(limits: ConstructorParameters<typeof FlowStore>[0]): FlowStore {
  const store = new FlowStore(limits, { schedule: () => {} });
  store.addSource();
  store.addSource();
  return store;
}

describe('flow store against its model', () => {
  it('shows the same flows after every history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = fresh({});
        const model = new Model();
        for (const s of steps) apply(store, model, s);
        assert.deepEqual(seen(store).sort(byLabel), model.flows.sort(byLabel));
        assert.equal(store.liveCount, model.flows.filter((f) => f.state === 'open').length);
      }),
      { numRuns: 300 },
    );
  });

  it('lets a listener keep the same picture', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }), (steps) => {
        const store = fresh({ flows: 8 });
        const model = new Model();
        const states = new Map<number, string>();
        const picture = (flow: Flow | undefined): string =>
          `${flow?.host} ${flow?.state} ${flow?.bytesUp} ${flow?.bytesDown}`;
        store.onDidChange(({ cleared, evicted, opened: added, updated, closed: ended }) => {
          if (cleared) states.clear();
          for (let flowId = evicted.first; flowId < evicted.end; flowId++) states.delete(flowId);
          for (let flowId = added.first; flowId < added.end; flowId++) states.set(flowId, picture(store.flow(flowId)));
          assert.equal(new Set([...updated, ...ended]).size, updated.length + ended.length);
          for (const flowId of [...updated, ...ended]) {
            assert.ok(states.has(flowId));
            states.set(flowId, picture(store.flow(flowId)));
          }
          for (const flowId of ended) assert.equal(store.flow(flowId)?.state, 'closed');
        });
        for (const [s, flush] of steps) {
          apply(store, model, s);
          if (flush) store.flush();
        }
        store.flush();
        assert.deepEqual(
          [...states],
          rows(store).map((f) => [f.id, picture(f)]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('holds its limit, and no flow twice', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 8 }), (steps, flows) => {
        const store = fresh({ flows });
        const model = new Model();
        for (const s of steps) {
          apply(store, model, s);
          assert.ok(store.size <= flows);
          assert.equal(store.liveCount, rows(store).filter((f) => f.state === 'open').length);
        }
        const held = seen(store);
        assert.equal(new Set(held.map((f) => f.label)).size, held.length, 'no flow is there twice');
      }),
      { numRuns: 300 },
    );
  });
});
