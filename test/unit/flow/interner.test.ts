import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Interner, maxKey } from '../../../src/flow/interner.ts';

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const put = (interner: Interner<string>, text: string): number => {
  const bytes = Buffer.from(`__${text}__`);
  return interner.intern(bytes, 2, bytes.length - 2);
};

describe('interner', () => {
  it('gives one index to equal bytes, and different ones to different bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 200 }), (texts) => {
        const interner = new Interner(utf8);
        const indices = texts.map((t) => put(interner, t));
        assert.deepEqual(
          indices.map((i) => interner.get(i)),
          texts,
        );
        assert.equal(new Set(indices).size, new Set(texts).size);
        assert.deepEqual(
          texts.map((t) => put(interner, t)),
          indices,
        );
        assert.ok(texts.every((t, i) => (t === '') === (indices[i] === 0)));
      }),
    );
  });

  it('keeps the index of what is in use through a sweep, and uses the others again', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 100 }),
        fc.nat(),
        (texts, seed) => {
          const interner = new Interner(utf8);
          const indices = texts.map((t) => put(interner, t));
          const kept = texts.filter((_, i) => (seed >> (i % 20)) & 1);
          const used = new Uint8Array(interner.size);
          for (const t of kept) used[put(interner, t)] = 1;
          interner.sweep(used);
          for (const [i, t] of texts.entries()) {
            assert.equal(interner.has(indices[i]!), kept.includes(t));
            if (kept.includes(t)) assert.equal(interner.get(indices[i]!), t);
          }
          const size = interner.size;
          for (const t of kept) assert.equal(put(interner, t), indices[texts.indexOf(t)]);
          for (const t of texts) assert.equal(interner.get(put(interner, t)), t);
          assert.equal(interner.size, size);
        },
      ),
    );
  });

  it('asks for a sweep when it has grown, and needs less memory after it', () => {
    const interner = new Interner(utf8);
    for (let i = 0; !interner.wantsSweep; i++) put(interner, `${i}`.padEnd(200));
    const before = interner.bytes;
    interner.sweep(new Uint8Array(interner.size));
    assert.ok(interner.bytes < before / 10);
    assert.ok(!interner.wantsSweep);
  });

  it('holds keys up to its maximum, across its pages', () => {
    const interner = new Interner(utf8);
    const texts = Array.from({ length: 20 }, (_, i) => String(i).padEnd(maxKey - i * 700, 'x'));
    const indices = texts.map((t) => put(interner, t));
    assert.deepEqual(
      indices.map((i) => interner.get(i)),
      texts,
    );
    assert.throws(() => put(interner, 'x'.repeat(maxKey + 1)), RangeError);
  });

  it('refuses a new key that cannot be decoded, where it is asked to check', () => {
    const interner = new Interner((bytes) => {
      if (bytes[0] === 33) throw new RangeError('no');
      return utf8(bytes);
    }, true);
    const size = interner.size;
    assert.throws(() => put(interner, '!bad'), /no/);
    assert.equal(interner.size, size);
    assert.equal(interner.get(put(interner, 'good')), 'good');
  });
});
