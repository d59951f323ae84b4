// For which platform and processor a native library was made, read from its header: the words of a failed load differ
// by system, and a file for another platform must be told from a damaged one.
import fs from 'node:fs';

/** e_machine of ELF files (System V ABI), by what Node calls the processor. */
const elfMachines: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' };
/** cputype of Mach-O files (mach/machine.h). */
const machMachines: Readonly<Record<number, string>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
/** Machine of PE files. */
const peMachines: Readonly<Record<number, string>> = { 0x14c: 'ia32', 0x8664: 'x64', 0xaa64: 'arm64' };

const maxSlices = 16;

export interface NativeFile {
  /** As "linux-x64"; empty where the header is of no known format. */
  readonly platforms: readonly string[];
  /** The file ends before what its header promises. Loading it would end the process with SIGBUS. */
  readonly cutOff: boolean;
}

/** Throws what reading the file throws. */
export function examineNativeFile(file: string): NativeFile {
  const header = Buffer.alloc(4096);
  const fd = fs.openSync(file, 'r');
  try {
    const size = fs.readSync(fd, header, 0, header.length, 0);
    const head = header.subarray(0, size);
    return { platforms: platformOfHeader(head), cutOff: elfEnd(head) > fs.fstatSync(fd).size };
  } finally {
    fs.closeSync(fd);
  }
}

/** Where the last segment of a 64-bit little-endian ELF file ends; 0 for other files. */
export function elfEnd(header: Buffer): number {
  if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return 0;
  const entrySize = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  const table = Number(header.readBigUInt64LE(32));
  let end = table + count * entrySize;
  for (let i = 0, at = table; i < count && at + 40 <= header.length; i++, at += Math.max(entrySize, 1))
    end = Math.max(end, Number(header.readBigUInt64LE(at + 8)) + Number(header.readBigUInt64LE(at + 32)));
  return end;
}

export function platformOfHeader(header: Buffer): string[] {
  const name = (platform: string, machine: string | undefined): string[] => [`${platform}-${machine ?? 'unknown'}`];
  if (header.length < 20) return [];
  const magic = header.readUInt32BE(0);
  if (magic === 0x7f454c46) {
    // EI_DATA: 2 is big endian, which none of the machines above is.
    return name('linux', header[5] === 1 ? elfMachines[header.readUInt16LE(18)] : undefined);
  }
  if (magic === 0xcffaedfe) return name('darwin', machMachines[header.readUInt32LE(4)]);
  if (magic === 0xcafebabe) {
    const slices = Math.min(header.readUInt32BE(4), maxSlices);
    const platforms: string[] = [];
    for (let i = 0, at = 8; i < slices && at + 4 <= header.length; i++, at += 20)
      platforms.push(...name('darwin', machMachines[header.readUInt32BE(at)]));
    return platforms;
  }
  if (header.toString('latin1', 0, 2) === 'MZ' && header.length >= 64) {
    const at = header.readUInt32LE(60);
    if (at + 6 > header.length || header.toString('latin1', at, at + 4) !== 'PE\0\0') return name('win32', undefined);
    return name('win32', peMachines[header.readUInt16LE(at + 4)]);
  }
  return [];
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
