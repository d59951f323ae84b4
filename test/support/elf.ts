// What a test wants to know of an ELF file: its processor, what it loads, and the newest version of the C library it asks for.

export interface Elf {
  readonly machine: number;
  /** The dynamic loader it asks for; undefined for a library and a static program. */
  readonly interpreter: string | undefined;
  /** Versions of the C library that its dynamic symbols need, e.g. "2.17". */
  readonly glibc: readonly string[];
}

export const machines = { x64: 62, arm64: 183 } as const;

/** 64-bit little-endian files. Names of versions are found in the string tables, where the linker puts each it needs. */
export function readElf(file: Buffer): Elf {
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('not a 64-bit little-endian ELF file');
  const headersAt = Number(file.readBigUInt64LE(32));
  const headerSize = file.readUInt16LE(54);
  let interpreter: string | undefined;
  for (let i = 0; i < file.readUInt16LE(56); i++) {
    const at = headersAt + i * headerSize;
    if (file.readUInt32LE(at) !== 3) continue; // PT_INTERP
    const offset = Number(file.readBigUInt64LE(at + 8));
    interpreter = file.toString('latin1', offset, file.indexOf(0, offset));
  }
  return { machine: file.readUInt16LE(18), interpreter, glibc: versionsOf(file) };
}

/** Of the section .gnu.version_r (SHT_GNU_verneed). */
function versionsOf(file: Buffer): string[] {
  const sectionsAt = Number(file.readBigUInt64LE(40));
  const size = file.readUInt16LE(58);
  const found = new Set<string>();
  const section = (index: number) => {
    const at = sectionsAt + index * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      link: file.readUInt32LE(at + 40),
    };
  };
  for (let i = 0; i < file.readUInt16LE(60); i++) {
    const { type, offset, link } = section(i);
    if (type !== 0x6ffffffe) continue;
    const strings = section(link).offset;
    for (let need = offset, next = 1; next !== 0; need += next) {
      for (let entry = need + file.readUInt32LE(need + 8), step = 1; step !== 0; entry += step) {
        const name = strings + file.readUInt32LE(entry + 8);
        const version = /^GLIBC_([\d.]+)$/.exec(file.toString('latin1', name, file.indexOf(0, name)))?.[1];
        if (version) found.add(version);
        step = file.readUInt32LE(entry + 12);
      }
      next = file.readUInt32LE(need + 12);
    }
  }
  return [...found];
}
