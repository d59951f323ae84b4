import assert from 'node:assert/strict';
import fc from 'fast-check';
import { elfEnd, examineNativeFile, platformOfHeader } from '../../../src/endpoint/nativeFile.ts';

function bytes(...parts: (number[] | Buffer)[]): Buffer {
  return Buffer.concat([...parts.map((p) => Buffer.from(p)), Buffer.alloc(64)]);
}
function u16(value: number): number[] {
  return [value & 255, value >> 8];
}
function u32be(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((v, i) => buffer.writeUInt32BE(v, i * 4));
  return buffer;
}
const elf = (machine: number) =>
  bytes([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0], u16(machine));
function pe(machine: number): Buffer {
  const header = Buffer.alloc(256);
  header.write('MZ', 0, 'latin1');
  header.writeUInt32LE(128, 60);
  header.write('PE\0\0', 128, 'latin1');
  header.writeUInt16LE(machine, 132);
  return header;
}

describe('The platform of a native file', () => {
  it('is that of the running Node for its own program', () => {
    const { platforms, cutOff } = examineNativeFile(process.execPath);
    assert.deepEqual(platforms, [`${process.platform}-${process.arch}`]);
    assert.equal(cutOff, false);
  });
  it('is read from ELF, Mach-O, universal and PE headers', () => {
    assert.deepEqual(platformOfHeader(elf(62)), ['linux-x64']);
    assert.deepEqual(platformOfHeader(elf(183)), ['linux-arm64']);
    assert.deepEqual(platformOfHeader(elf(9999)), ['linux-unknown']);
    assert.deepEqual(platformOfHeader(bytes([0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1])), ['darwin-arm64']);
    const universal = u32be(0xcafebabe, 2, 0x01000007, 3, 16384, 100, 14, 0x0100000c, 0, 32768, 100, 14);
    assert.deepEqual(platformOfHeader(universal), ['darwin-x64', 'darwin-arm64']);
    assert.deepEqual(platformOfHeader(pe(0x8664)), ['win32-x64']);
  });
  it('is unknown for anything else', () => {
    for (const text of ['', '#!/bin/sh\nexit 0 # not a library', 'MZ', '\u007fELF'])
      assert.deepEqual(platformOfHeader(Buffer.from(text)), []);
  });
  it('never fails, and never grows long, on hostile headers', () => {
    const magics = ['7f454c46', 'cffaedfe', 'cafebabe', '4d5a0000', '00000000'].map((m) => Buffer.from(m, 'hex'));
    fc.assert(
      fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 1020 }), (magic, rest) => {
        const header = Buffer.concat([magic, rest]);
        const platforms = platformOfHeader(header);
        assert.ok(elfEnd(header) >= 0);
        assert.ok(platforms.length <= 16 && platforms.every((p) => /^(linux|darwin|win32)-\w+$/.test(p)));
      }),
    );
  });
});
