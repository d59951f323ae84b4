import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Bodies, type Direction } from '../../../src/flow/bodies.ts';
import type { PayloadCodec } from '../../../src/flow/segments.ts';
import { payloadCodec } from '../../../src/node/payloadCodec.ts';

interface Step {
  readonly row: number;
  readonly direction: Direction;
  readonly length: number;
  readonly move: boolean;
}
const step: fc.Arbitrary<Step> = fc.record({
  row: fc.integer({ min: 1, max: 5 }),
  direction: fc.constantFrom<Direction>(0, 1),
  length: fc.integer({ min: 1, max: 900 }),
  move: fc.boolean(),
});

/** What was appended, beside the store that is asked. */
class Model {
  readonly bodies: Bodies;
  readonly budget: number;
  readonly rows = new Map<number, { id: number; newest: number; all: [Uint8Array[], Uint8Array[]] }>();
  total = 0;
  #nextId = 10;

  constructor(budget: number, codec?: PayloadCodec) {
    this.budget = budget;
    this.bodies = new Bodies(budget, () => {}, codec);
  }

  append({ row, direction, length, move }: Step, n: number): void {
    const { bodies } = this;
    const r = this.rows.get(row) ?? { id: this.#nextId++, newest: 0, all: [[], []] };
    this.rows.set(row, r);
    const bytes = new Uint8Array(length).fill(n);
    const offset = r.all[direction].reduce((sum, b) => sum + b.length, 0);
    r.newest = bodies.append(r, { direction, offset, at: n, size: length }, bytes, 0, length);
    r.all[direction].push(bytes);
    this.total += length;
    if (move && n % 7 === 0) {
      bodies.move(r.newest, r.id, this.#nextId);
      r.id = this.#nextId++;
    }
    assert.ok(bodies.bytes <= this.budget);
  }

  /** Gives what the store holds, in bytes. */
  check(): number {
    const { bodies } = this;
    let held = 0;
    for (const { id, newest, all } of this.rows.values())
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
    assert.equal(held + bodies.evictedBytes, this.total);
    return held;
  }
}

describe('payload store', () => {
  it('gives back what it holds, always the newest of it, and accounts for the rest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 24_000, max: 90_000 }), (steps, budget) => {
        const model = new Model(budget);
        steps.forEach((s, n) => model.append(s, n));
        model.check();
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

  describe('with a codec', () => {
    before(function () {
      if (!payloadCodec) this.skip(); // Node before 22.15
    });
    /** Until nothing is being compressed. */
    const settled = async (pending: () => number): Promise<void> => {
      do await turn();
      while (pending() > 0);
    };
    function counting(codec: PayloadCodec) {
      const counts = { pending: 0, compressed: 0, decompressed: 0 };
      const counted: PayloadCodec = {
        compress: async (bytes) => {
          counts.pending++;
          try {
            return await codec.compress(bytes);
          } finally {
            counts.pending--;
            counts.compressed++;
          }
        },
        decompress: (bytes, length) => {
          counts.decompressed++;
          return codec.decompress(bytes, length);
        },
      };
      return { counts, codec: counted };
    }

    it('gives back the same, whenever segments are compressed', async () => {
      let decompressed = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 20, maxLength: 300 }),
          fc.integer({ min: 24_000, max: 90_000 }),
          fc.integer({ min: 1, max: 40 }),
          async (steps, budget, every) => {
            const { counts, codec } = counting(payloadCodec!);
            const model = new Model(budget, codec);
            for (const [n, s] of steps.entries()) {
              model.append(s, n);
              if (n % every === 0) await turn();
            }
            model.check();
            await settled(() => counts.pending);
            model.check();
            decompressed += counts.decompressed;
          },
        ),
        { numRuns: 100 },
      );
      assert.ok(decompressed > 100, 'compressed segments were read');
    });

    it('holds more than its budget of what can be compressed', async () => {
      const budget = 4 << 20;
      const { counts, codec } = counting(payloadCodec!);
      const bodies = new Bodies(budget, () => {}, codec);
      const row = { id: 1, newest: 0 };
      const text = (n: number): Uint8Array =>
        new Uint8Array(Buffer.from(`GET /item/${n} HTTP/1.1\r\nhost: example.com\r\n\r\n`.repeat(200)));
      let offset = 0;
      for (let n = 0; offset < 8 * budget; n++) {
        const bytes = text(n);
        row.newest = bodies.append(row, { direction: 0, offset, at: n, size: bytes.length }, bytes, 0, bytes.length);
        offset += bytes.length;
        if (n % 10 === 0) await settled(() => counts.pending);
      }
      assert.ok(bodies.bytes <= budget);
      const pieces = bodies.pieces(row.newest, 1, 0);
      assert.equal(bodies.evictedBytes, 0);
      assert.equal(pieces.length > 0 && pieces[0]!.offset, 0);
      for (const [n, { bytes }] of pieces.entries()) assert.deepEqual(Uint8Array.from(bytes), text(n));
      const segments = Math.ceil(offset / (256 * 1024));
      assert.ok(counts.decompressed <= 2 * segments, 'one that is unfolded serves its neighbours');
    });

    it('unfolds each segment once for flows that went on side by side', async () => {
      const { counts, codec } = counting(payloadCodec!);
      const bodies = new Bodies(64 << 20, () => {}, codec);
      const rows = Array.from({ length: 64 }, (_, i) => ({ id: i + 1, newest: 0 }));
      const bytes = new Uint8Array(1400).fill(0x61);
      const pieces = 40; // of each: 14 segments in all
      for (let n = 0; n < pieces; n++) {
        for (const row of rows)
          row.newest = bodies.append(row, { direction: 0, offset: n * 1400, at: n, size: 1400 }, bytes, 0, 1400);
        await settled(() => counts.pending);
      }
      for (const { newest, id } of rows) assert.equal(bodies.pieces(newest, id, 0).length, pieces);
      assert.ok(counts.decompressed > 5 && counts.decompressed <= 14, String(counts.decompressed));
    });

    it('leaves what does not become smaller, and what cannot be compressed', async () => {
      let asked = 0;
      const failing: PayloadCodec = {
        compress: async (bytes) => {
          if (asked++ % 2) throw new Error('no memory');
          return bytes.slice();
        },
        decompress: () => assert.fail('nothing was compressed'),
      };
      const model = new Model(90_000, failing);
      for (let n = 0; n < 300; n++) {
        model.append({ row: 1, direction: 0, length: 900, move: false }, n);
        await turn();
      }
      assert.ok(asked > 10);
      assert.ok(model.check() > 50_000);
    });

    it('takes what its segment becomes only while it is held', async () => {
      const waiting: (() => void)[] = [];
      const slow: PayloadCodec = {
        compress: () => new Promise((done) => waiting.push(() => done(new Uint8Array(1)))),
        decompress: () => assert.fail('the segment is gone'),
      };
      const model = new Model(90_000, slow);
      for (let n = 0; n < 300; n++) model.append({ row: 1, direction: 0, length: 900, move: false }, n);
      assert.equal(waiting.length, 1, 'one at a time');
      const { bytes } = model.bodies;
      waiting[0]!();
      await turn();
      assert.equal(model.bodies.bytes, bytes);
      model.check();
      assert.equal(waiting.length, 2);
      model.bodies.clear();
      waiting[1]!();
      await turn();
      assert.equal(waiting.length, 2, 'nothing that is gone is compressed');
      assert.equal(model.bodies.bytes, 0);
    });
  });
});
