import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileFilter } from '../../../../src/editor/sidebar/filter.ts';
import type { GroupingId } from '../../../../src/editor/sidebar/grouping.ts';
import { groupings } from '../../../../src/editor/sidebar/grouping.ts';
import type { Element, FlowFilter, FlowRow, Group } from '../../../../src/editor/sidebar/elements.ts';
import type { ModelOptions } from '../../../../src/editor/sidebar/modelParts.ts';
import { SidebarModel } from '../../../../src/editor/sidebar/model.ts';
import { defaultOptions } from '../../../../src/editor/sidebar/modelParts.ts';
import type { Flow, FlowId } from '../../../../src/flow/model.ts';
import { changes, closed, flow, start, t } from './flows.ts';

/** A store as the model sees it. */
class Flows {
  readonly flows = new Map<FlowId, Flow>();
  readonly model: SidebarModel;
  #end = 1;

  constructor(options: Partial<ModelOptions> = {}) {
    this.model = new SidebarModel({ ...defaultOptions, ...options }, t);
  }

  open(part: Parameters<typeof flow>[1] = {}): FlowId {
    const id = this.#end++;
    this.flows.set(id, flow(id, part));
    this.model.note(changes({ opened: { first: id, end: id + 1 } }));
    return id;
  }
  update(id: FlowId, part: Partial<Flow>): void {
    this.flows.set(id, { ...this.flows.get(id)!, ...part });
    this.model.note(changes({ updated: [id] }));
  }
  close(id: FlowId, part: Partial<Flow> = {}): void {
    this.flows.set(id, closed(this.flows.get(id)!, part));
    this.model.note(changes({ closed: [id] }));
  }
  evict(end: FlowId): void {
    const first = Math.min(...this.flows.keys());
    for (let id = first; id < end; id++) this.flows.delete(id);
    this.model.note(changes({ evicted: { first, end } }));
  }
  settle(now = start + 1e6): ReturnType<SidebarModel['settle']> {
    return this.model.settle({ flow: (id) => this.flows.get(id), recent: (...of) => this.recent(...of) }, now);
  }
  recent(limit: number, since: number): FlowId[] {
    const newest = [...this.flows.values()].reverse();
    const open = newest.filter((f) => f.state === 'open');
    const ended = newest.filter((f) => f.state === 'closed' && f.closedAt > since);
    return [...open, ...ended].slice(0, limit).map((f) => f.id).sort((a, b) => a - b); // prettier-ignore
  }
  group(label: string): Group {
    const found = this.model.groups().find((g) => g.kind === 'group' && g.label === label);
    assert.ok(found?.kind === 'group', `no group ${label}`);
    return found;
  }
  labels(): string[] {
    return this.model.groups().map((g) => (g.kind === 'group' ? g.label : `+${g.hidden}`));
  }
  ids(group: Group): (FlowId | string)[] {
    return this.model
      .rows(group)
      .map((e: Element) => (e.kind === 'flow' ? e.flow.id : `+${(e as { hidden: number }).hidden}`));
  }
}

const node = (script: string, pid: number): Partial<Flow['process']> => ({
  pid,
  name: 'node',
  path: '/usr/bin/node',
  arguments: ['node', script],
});

describe('the model of the sidebar', () => {
  it('puts the runs of one program into one group and scripts of one interpreter into several', () => {
    const flows = new Flows();
    for (let pid = 1; pid <= 200; pid++) flows.open({ process: { pid } });
    flows.open({ process: node('/srv/server.js', 900) });
    flows.open({ process: node('/srv/client.js', 901) });
    flows.settle();
    assert.deepEqual(flows.labels(), ['curl', 'node client.js', 'node server.js']);
    assert.equal(flows.model.totals(flows.group('curl'), start).pids.length, 200);
  });

  it('groups by host, by the name asked for before the address', () => {
    const flows = new Flows({ grouping: groupings.host });
    flows.open();
    flows.open({ host: '', destination: { address: '2001:db8::1', port: 80 } });
    flows.open({ inbound: true, source: { address: '127.0.0.1', port: 5 } });
    flows.open({ host: 'EXAMPLE.com' });
    flows.settle();
    assert.deepEqual(flows.labels(), ['127.0.0.1', '2001:db8::1', 'example.com']);
    assert.equal(flows.group('example.com').rows.size, 2);
  });

  it('moves a connection between groups of state as it opens, fails and ends', () => {
    const flows = new Flows({ grouping: groupings.state });
    const [a, b] = [flows.open({ connectedAt: 0 }), flows.open()];
    flows.settle();
    assert.deepEqual(flows.labels(), ['Connecting', 'Open']);
    flows.close(a, { reason: 'refused', closedAt: start + 5e5 });
    flows.close(b, { closedAt: start + 5e5 });
    const redraw = flows.settle();
    assert.ok(redraw.root);
    assert.deepEqual(flows.labels(), ['Failed', 'Closed']);
    assert.deepEqual(flows.ids(flows.group('Failed')), [a]);
  });

  it('lists the newest first and keeps open connections in a list that is cut', () => {
    const flows = new Flows({ rowsPerGroup: 3 });
    const old = flows.open();
    for (let i = 0; i < 5; i++) flows.close(flows.open());
    flows.settle();
    assert.deepEqual(flows.ids(flows.group('curl')), [6, 5, old, '+3']);
  });

  it('shows a bounded number of groups and says how many more there are', () => {
    const flows = new Flows({ grouping: groupings.host, groups: 5 });
    for (let i = 0; i < 12; i++) flows.open({ host: `h${i}.test` });
    flows.settle();
    assert.deepEqual(flows.labels(), ['h7.test', 'h8.test', 'h9.test', 'h10.test', 'h11.test', '+7']);
  });

  it('reports only what changed', () => {
    const flows = new Flows();
    const [a, b] = [flows.open(), flows.open({ process: node('x.js', 5) })];
    assert.ok(flows.settle().root);
    assert.deepEqual(flows.settle(), { root: false, lists: new Set(), rows: new Set() });
    flows.update(a, { bytesUp: 10 });
    const redraw = flows.settle();
    assert.equal(redraw.root, false);
    assert.equal(redraw.lists.size, 0);
    assert.deepEqual(
      [...redraw.rows].map((r: FlowRow) => r.flow.id),
      [a],
    );
    flows.open({ process: node('x.js', 5) });
    const grown = flows.settle();
    assert.equal(grown.root, false);
    assert.deepEqual([...grown.lists], [flows.group('node x.js')]);
    assert.ok(b);
  });

  it('keeps the identity of groups and rows while they live', () => {
    const flows = new Flows();
    const id = flows.open();
    flows.settle();
    const [group, row] = [flows.group('curl'), flows.model.row(id)];
    flows.update(id, { bytesUp: 5 });
    flows.open();
    flows.settle();
    assert.equal(flows.group('curl'), group);
    assert.equal(flows.model.row(id), row);
    assert.equal(row?.flow.bytesUp, 5);
  });

  it('lets closed connections go after a while, and open ones never', () => {
    const flows = new Flows({ keepClosed: 10e6 });
    const [a, b] = [flows.open(), flows.open()];
    flows.close(a, { closedAt: start });
    flows.settle(start + 9e6);
    assert.deepEqual(flows.ids(flows.group('curl')), [b, a]);
    flows.settle(start + 10e6);
    assert.deepEqual(flows.ids(flows.group('curl')), [b]);
    flows.settle(start + 1e12);
    assert.equal(flows.model.size, 1);
  });

  it('takes a lost connection back when its proxy is back', () => {
    const flows = new Flows({ keepClosed: 10e6 });
    const id = flows.open();
    flows.close(id, { reason: 'lost', closedAt: start });
    flows.settle(start);
    assert.equal(flows.model.live, 0);
    flows.flows.set(id, flow(id));
    flows.model.note(changes({ updated: [id] }));
    flows.settle(start + 1e6);
    assert.equal(flows.model.live, 1);
    flows.settle(start + 1e9);
    assert.deepEqual(flows.ids(flows.group('curl')), [id]);
  });

  it('drops what the store evicted and what a clear removed', () => {
    const flows = new Flows();
    for (let i = 0; i < 4; i++) flows.open();
    flows.settle();
    flows.evict(3);
    flows.settle();
    assert.deepEqual(flows.ids(flows.group('curl')), [4, 3]);
    flows.model.note(changes({ cleared: true }));
    flows.settle();
    assert.deepEqual(flows.labels(), []);
  });

  it('filters, and finds the connections again when the filter goes', () => {
    const flows = new Flows();
    flows.open();
    flows.open({ process: node('x.js', 5) });
    flows.settle();
    flows.model.setFilter(compileFilter('command:x.js', t).matches);
    flows.settle();
    assert.deepEqual(flows.labels(), ['node x.js']);
    assert.equal(flows.model.matching, 1);
    flows.model.setFilter(undefined);
    flows.settle();
    assert.deepEqual(flows.labels(), ['curl', 'node x.js']);
  });

  it('goes through a costly filter in steps', () => {
    const flows = new Flows();
    const summary = (n: number): string => `${'a'.repeat(900)} ${n % 2 ? 'ab' : 'c'}`;
    for (let n = 1; n <= 200; n++) flows.open({ application: { protocol: 'http', summary: summary(n) } });
    flows.settle();
    assert.equal(flows.model.behind, false);
    flows.model.setFilter(compileFilter('summary:/(a?){100}(a+)+b/', t).matches);
    let steps = 0;
    for (; flows.model.behind; steps++) flows.settle();
    assert.ok(steps > 3, `${steps} steps`);
    assert.equal(flows.model.matching, 100);
    flows.model.setFilter(undefined);
    assert.deepEqual([flows.model.behind, flows.model.matching], [false, 200]);
  });

  it('asks for the recent flows where more came than it holds', () => {
    const flows = new Flows({ held: 4 });
    const old = flows.open();
    flows.settle();
    for (let i = 0; i < 20; i++) flows.close(flows.open());
    const last = flows.open();
    flows.settle();
    assert.deepEqual(flows.ids(flows.group('curl')), [last, last - 1, last - 2, old]);
    assert.equal(flows.model.live, 2);
    flows.close(old);
    flows.settle();
    assert.equal(flows.model.live, 1);
  });

  it('measures rates and lets them fall to nothing', () => {
    const flows = new Flows();
    const id = flows.open();
    flows.settle(start);
    flows.update(id, { bytesDown: 1_000_000 });
    flows.settle(start + 1e6);
    const row = flows.model.row(id)!;
    assert.equal(row.rate.at(start + 1e6), 1_000_000);
    assert.equal(flows.model.totals(flows.group('curl'), start + 1e6).rate, 1_000_000);
    assert.equal(row.rate.at(start + 60e6), 0);
  });

  it('agrees with a plain computation whatever happens, and stays bounded', () => {
    const step = fc.record({
      act: fc.constantFrom('open', 'update', 'close', 'revive', 'evict', 'clear', 'settle', 'group', 'filter'),
      at: fc.nat(30),
      pid: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 30 }), (steps, held) => {
        const flows = new Flows({ held, keepClosed: 5e6, rowsPerGroup: 4 });
        let now = start;
        let filter: FlowFilter | undefined;
        for (const { act, at, pid } of steps) {
          const ids = [...flows.flows.keys()];
          const id = ids[at % Math.max(1, ids.length)];
          const known = id === undefined ? undefined : flows.flows.get(id);
          now += at * 1e5;
          if (act === 'open') flows.open({ process: { pid, name: `p${pid}`, path: `/p${pid}` }, openedAt: now });
          else if (act === 'update' && known?.state === 'open') flows.update(id!, { bytesUp: known.bytesUp + at });
          else if (act === 'close' && known?.state === 'open') flows.close(id!, { closedAt: now, reason: 'refused' });
          else if (act === 'revive' && known?.state === 'closed') flows.update(id!, { state: 'open', closedAt: 0 });
          else if (act === 'evict' && id !== undefined) flows.evict(id);
          else if (act === 'settle') flows.settle(now);
          else if (act === 'group')
            flows.model.configure({ grouping: groupings[(['process', 'host', 'state'] as GroupingId[])[pid - 1]!] });
          else if (act === 'filter')
            flows.model.setFilter((filter = at % 2 ? compileFilter(`pid:${pid}`, t).matches : undefined));
          else if (act === 'clear') {
            const live = [...flows.flows.values()].filter((f) => f.state === 'open');
            flows.flows.clear();
            flows.model.note(changes({ cleared: true }));
            for (const f of live) flows.open({ ...f, process: f.process });
          }
        }
        flows.settle(now);
        assert.ok(flows.model.size <= held);
        const { grouping } = flows.model.options;
        let rows = 0;
        for (const group of flows.model.groups()) {
          assert.ok(group.kind === 'group');
          assert.ok(group.rows.size > 0, 'an empty group is shown');
          const totals = flows.model.totals(group, now);
          assert.equal(totals.open + totals.closed + totals.failed, group.rows.size);
          assert.ok(flows.model.rows(group).length <= 5);
          for (const [id, row] of group.rows) {
            rows++;
            assert.deepEqual(row.flow, flows.flows.get(id), 'a row differs from the store');
            assert.equal(grouping.key(row.flow), group.key);
            assert.ok(!filter || filter(row.flow));
            assert.equal(flows.model.row(id), row);
            assert.ok(row.flow.state === 'open' || row.flow.closedAt + 5e6 > now, 'a closed row outlived its time');
          }
        }
        assert.equal(rows, flows.model.matching);
        // Where there was room for all of them, every open flow is there.
        if (flows.flows.size > 0 && held === 30 && flows.flows.size <= 30 && !filter)
          for (const f of flows.flows.values())
            if (f.state === 'open') assert.ok(flows.model.row(f.id), 'an open flow is missing');
      }),
      { numRuns: 300 },
    );
  });
});
