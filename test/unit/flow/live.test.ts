import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LiveIndex } from '../../../src/flow/live.ts';
import { Rows } from '../../../src/flow/rows.ts';

describe('index of live flows', () => {
  it('is a map from a proxy’s ids to rows', () => {
    const id = fc.oneof(
      fc.nat(50),
      fc.nat(50).map((n) => n << 20),
      fc.nat(0xffffffff),
    );
    const steps = fc.array(fc.tuple(fc.boolean(), id), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (list) => {
        const rows = new Rows();
        const index = new LiveIndex(rows);
        const model = new Map<number, number>();
        for (const [add, remote] of list) {
          if (add) {
            const row = rows.append();
            rows.group(row).remote[rows.index(row)] = remote;
            index.set(remote, row);
            model.set(remote, row);
          } else {
            index.delete(remote);
            model.delete(remote);
          }
        }
        for (const [, remote] of list) assert.equal(index.get(remote), model.get(remote) ?? 0);
        assert.deepEqual(
          index.ids(),
          [...model.values()].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('grows and shrinks', () => {
    const rows = new Rows();
    const index = new LiveIndex(rows);
    for (let remote = 1; remote <= 50_000; remote++) {
      const row = rows.append();
      rows.group(row).remote[rows.index(row)] = remote;
      index.set(remote, row);
    }
    for (let remote = 1; remote <= 49_990; remote++) index.delete(remote);
    assert.deepEqual(
      index.ids(),
      Array.from({ length: 10 }, (_, i) => 49_991 + i),
    );
    assert.equal(index.get(50_000), 50_000);
    assert.equal(index.get(49_990), 0);
  });
});
