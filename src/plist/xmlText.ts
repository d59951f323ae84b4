// Character data of XML: entities to characters and back. Only the five predefined and numeric ones exist here;
// a declared or external entity is never looked up.
import type { TextRange } from '../entitlements/finding.ts';

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const reference = /&(?:#([0-9]{1,8}|x[0-9A-Fa-f]{1,7});|([A-Za-z_:][\w:.-]{0,63});|)/g;

/** XML 1.0, production 2 (Char). */
const isCharacter = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff);

export interface BadEntity extends TextRange {
  /** '' for a bare ampersand. */
  readonly name: string;
}

export function decodeText(text: string, start: number, end: number, onBad: (bad: BadEntity) => void): string {
  const raw = text.slice(start, end);
  if (!raw.includes('&')) return raw;
  return raw.replace(reference, (whole, number: string | undefined, name: string | undefined, at: number) => {
    const bad = (): string => {
      onBad({ start: start + at, end: start + at + whole.length, name: whole.slice(1, -1) });
      return whole;
    };
    if (number !== undefined) {
      const code = number.startsWith('x') ? Number.parseInt(number.slice(1), 16) : Number(number);
      return isCharacter(code) ? String.fromCodePoint(code) : bad();
    }
    return (name !== undefined && Object.hasOwn(named, name) ? named[name] : undefined) ?? bad();
  });
}

/** What must be written for `value` to be read back; `>` is left alone but where XML forbids it. */
export const encodeText = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(']]>', ']]&gt;');
