import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Bodies, type Direction } from '../../../src/flow/bodies.ts';

describe('payload store', () => {
  const step = fc.record({
    row: fc.integer({ min: 1, max: 5 }),
    direction: fc.constantFrom<Direction>(0, 1),
    length: fc.integer({ min: 1, max: 900 }),
    move: fc.boolean(),
  });

  it('gives back what it holds, always the newest of it, and accounts for the rest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 24_000, max: 90_000 }), (steps, budget) => {
        const bodies = new Bodies(budget, () => {});
        const rows = new Map<number, { id: number; newest: number; all: [Uint8Array[], Uint8Array[]] }>();
        let total = 0;
        let nextId = 10;
        for (const [n, { row, direction, length, move }] of steps.entries()) {
          const r = rows.get(row) ?? { id: nextId++, newest: 0, all: [[], []] };
          rows.set(row, r);
          const bytes = new Uint8Array(length).fill(n);
          const offset = r.all[direction].reduce((sum, b) => sum + b.length, 0);
          r.newest = bodies.append(r, { direction, offset, at: n, size: length }, bytes, 0, length);
          r.all[direction].push(bytes);
          total += length;
          if (move && n % 7 === 0) {
            bodies.move(r.newest, r.id, nextId);
            r.id = nextId++;
          }
          assert.ok(bodies.bytes <= budget);
        }
        let held = 0;
        for (const { id, newest, all } of rows.values())
          for (const direction of [0, 1] as const) {
            const pieces = bodies.pieces(newest, id, direction);
            assert.deepEqual(
              pieces.map((p) => Uint8Array.from(p.bytes)),
              pieces.length ? all[direction].slice(-pieces.length) : [],
            );
            for (const piece of pieces) held += piece.bytes.length;
            const last = pieces.at(-1);
            assert.equal(bodies.heldEnd(newest, id, direction), last ? last.offset + last.size : 0);
            assert.deepEqual(bodies.pieces(newest, id + 1000, direction), [], 'of another row it is nothing');
          }
        assert.equal(held + bodies.evictedBytes, total);
      }),
      { numRuns: 100 },
    );
  });

  it('can be copied row by row', () => {
    const from = new Bodies(100_000, () => {});
    const row = { id: 1, newest: 0 };
    for (let n = 0; n < 10; n++)
      row.newest = from.append(
        row,
        { direction: (n & 1) as Direction, offset: n, at: n, size: 1 },
        Uint8Array.of(n),
        0,
        1,
      );
    const to = new Bodies(100_000, () => {});
    const newest = from.copy(row.newest, 1, to);
    for (const direction of [0, 1] as const)
      assert.deepEqual(to.pieces(newest, 1, direction), from.pieces(row.newest, 1, direction));
  });
});
