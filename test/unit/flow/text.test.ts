import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bytesText, durationText, rateText, timeText } from '../../../src/flow/text.ts';

describe('numbers for people', () => {
  it('shows sizes with three digits at most', () => {
    for (const [bytes, text] of [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.0 kB'],
      [9_949, '9.9 kB'],
      [9_951, '10 kB'],
      [999_499, '999 kB'],
      [999_500, '1.0 MB'],
      [2 ** 30, '1.1 GB'],
      [Number.MAX_SAFE_INTEGER, '9.0 PB'],
    ] as const)
      assert.equal(bytesText(bytes), text);
    assert.equal(rateText(1500), '1.5 kB/s');
    fc.assert(fc.property(fc.maxSafeNat(), (n) => assert.match(bytesText(n), /^(\d{1,3}|\d\.\d) ([kMGTP]?B)$/)));
  });

  it('shows durations in the unit that fits', () => {
    for (const [micros, text] of [
      [-5, '0.0 ms'],
      [0, '0.0 ms'],
      [0.3, '1 µs'],
      [42, '42 µs'],
      [99.4, '99 µs'],
      [99.6, '0.1 ms'],
      [440, '0.4 ms'],
      [9_940, '9.9 ms'],
      [12_345, '12 ms'],
      [999_600, '1.0 s'],
      [59_940_000, '59.9 s'],
      [59_960_000, '1 min 00 s'],
      [3_599_000_000, '59 min 59 s'],
      [3_600_000_000, '1 h 00 min'],
      [90_000_000_000, '1 d 01 h'],
    ] as const)
      assert.equal(durationText(micros), text);
  });

  it('writes times with microseconds', () => {
    assert.equal(timeText(0), '1970-01-01T00:00:00.000000Z');
    assert.equal(timeText(1_763_930_881_123_456), '2025-11-23T20:48:01.123456Z');
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(999_999), (s, us) => {
        const text = timeText(s * 1e6 + us);
        assert.equal(Date.parse(text), s * 1000 + Math.floor(us / 1000));
        assert.equal(text.slice(20, 26), String(us).padStart(6, '0'));
      }),
    );
  });

  it('writes a time of four digits of year whatever a proxy claims', () => {
    for (const at of [253402300800e6, 2 ** 64]) assert.match(timeText(at), /^9999-12-31T23:59:59\.\d{6}Z$/);
  });
});
