import assert from 'node:assert/strict';
import fc from 'fast-check';
import { base64 } from '../../../src/capture/base64.ts';

describe('base64', () => {
  it('is what Buffer makes, of every length', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length) & 255);
      assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), (b) => base64(b) === Buffer.from(b).toString('base64')));
  });
});
