import assert from 'node:assert/strict';
import { parseBuffer } from 'bplist-parser';
import fc from 'fast-check';
import { parseBinaryPlist } from '../../../src/plist/binary.ts';
import { parsePlist } from '../../../src/plist/plist.ts';
import type { PlistValue } from '../../../src/plist/value.ts';
import { numbers, writtenByPython } from '../../support/damaged-plists.ts';

function plain(value: PlistValue | undefined): unknown {
  switch (value?.kind) {
    case 'dict':
      return Object.fromEntries(value.entries.map((e) => [e.key, plain(e.value)]));
    case 'array':
      return value.items.map(plain);
    case 'integer':
      return Number(value.value);
    case 'data':
      return { $data: Buffer.from(value.value).toString('base64') };
    case 'date':
      return { $date: value.value };
    default:
      return value?.value;
  }
}

const words = fc.string({ maxLength: 40 }).map((s) => s.replace(/[^\x20-\ud7ff]/g, '·'));
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    words,
    fc.constantFrom('ü', '日本', '🙂', 'a\tb\nc'),
    fc.integer(),
    fc.constantFrom(-1, 0, 255, 256, 65_536, 2 ** 40, -(2 ** 40), 1.5, -0.25),
    fc.constantFrom({ $date: '2026-02-24T13:15:36Z' }, { $date: '1999-12-31T23:59:59Z' }, { $data: 'AAEC/w==' }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(words, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

describe('binary property lists', () => {
  const samples = fc.sample(values, { numRuns: 150, seed: 3 });
  const written = writtenByPython(samples);

  it('hold what plistlib wrote, and so does its XML', () => {
    for (const [i, { xml, binary }] of written.entries()) {
      const fromBinary = parsePlist(binary);
      assert.deepEqual(fromBinary.errors, []);
      assert.equal(fromBinary.format, 'binary');
      assert.deepEqual(plain(fromBinary.root), samples[i]);
      const fromXml = parsePlist(xml);
      assert.deepEqual(fromXml.errors, []);
      assert.deepEqual(plain(fromXml.root), samples[i]);
    }
  });

  it('hold what another reader finds', () => {
    for (const { binary } of written) {
      const [theirs] = parseBuffer(Buffer.from(binary)) as unknown[];
      const alike = (value: unknown): unknown => {
        if (Buffer.isBuffer(value)) return { $data: value.toString('base64') };
        if (value instanceof Date) return { $date: value.toISOString().replace('.000Z', 'Z') };
        if (Array.isArray(value)) return value.map(alike);
        if (typeof value === 'bigint') return Number(value);
        if (value && typeof value === 'object')
          return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, alike(v)]));
        return value;
      };
      assert.deepEqual(plain(parseBinaryPlist(binary).root), alike(theirs));
    }
  });

  it('survive any damage', () => {
    const random = numbers(5);
    for (const { binary } of written)
      for (let n = 0; n < 20; n++) {
        const bytes = binary.slice(0, random(4) === 0 ? random(binary.length + 1) : binary.length);
        for (let k = 1 + random(6); k > 0 && bytes.length > 0; k--) bytes[random(bytes.length)] = random(256);
        const { root, errors } = parseBinaryPlist(bytes);
        assert.ok(root !== undefined || errors.length > 0);
      }
  });

  it('that contain themselves are refused', () => {
    // One array whose only item is itself.
    const bytes = new Uint8Array([...Buffer.from('bplist00'), 0xa1, 0x00, 0x08, ...new Uint8Array(32)]);
    const trailer = bytes.length - 32;
    bytes[trailer + 6] = bytes[trailer + 7] = 1;
    bytes[trailer + 15] = 1;
    bytes[trailer + 31] = 10;
    assert.match(parseBinaryPlist(bytes).errors[0]!.message, /contains itself/);
  });

  it('that stand for a huge tree are refused', () => {
    // 25 arrays, each of ten times the next: 10 to the 25th values in 300 bytes.
    const objects = Array.from({ length: 25 }, (_, i) => [0xaa, ...new Uint8Array(10).fill(i + 1)]);
    objects.push([0x09]);
    const body = objects.flat();
    const offsets = objects.map((_, i) => 8 + objects.slice(0, i).flat().length).flatMap((o) => [o >> 8, o & 255]);
    const trailer = new Uint8Array(32);
    trailer[6] = 2;
    trailer[7] = 1;
    trailer[15] = objects.length;
    const table = 8 + body.length;
    trailer[30] = table >> 8;
    trailer[31] = table & 255;
    const { errors } = parseBinaryPlist(new Uint8Array([...Buffer.from('bplist00'), ...body, ...offsets, ...trailer]));
    assert.match(errors[0]!.message, /too many values/);
  });
});
