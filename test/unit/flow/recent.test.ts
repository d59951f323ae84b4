import assert from 'node:assert/strict';
import fc from 'fast-check';
import { closedFrame, openedFrame } from '../../../bench/panel/flows.ts';
import { headerSize } from '../../../src/endpoint/framing.ts';
import { recentFlows } from '../../../src/flow/recent.ts';
import { FlowStore } from '../../../src/flow/store.ts';

describe('the recent flows of a store', () => {
  it('are the newest open ones, then the newest that ended in time', () => {
    const some = fc.array(fc.record({ ended: fc.boolean(), at: fc.nat(20) }), { maxLength: 40 });
    fc.assert(
      fc.property(some, fc.nat(20), fc.nat(45), fc.integer({ min: 5, max: 50 }), (list, since, limit, held) => {
        const store = new FlowStore({ flows: held }, { schedule: () => {} });
        const source = store.addSource();
        list.forEach(({ ended, at }, i) => {
          store.feed(source, openedFrame({ id: i + 1, at: 1 }), headerSize);
          if (ended) store.feed(source, closedFrame({ id: i + 1, at: at + 1 }), headerSize);
        });
        const newest = [];
        for (let id = store.end - 1; id >= store.first; id--) newest.push(store.flow(id)!);
        const open = newest.filter((f) => f.state === 'open');
        const closed = newest.filter((f) => f.state === 'closed' && f.closedAt > since);
        const expected = [...open, ...closed].slice(0, limit).map((f) => f.id).sort((a, b) => a - b); // prettier-ignore
        assert.deepEqual(recentFlows(store, limit, since), expected);
      }),
    );
  });
});
