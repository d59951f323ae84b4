// Bytes of a file to text. A property list is UTF-8; what else it may be is read and reported.
import type { PlistError } from './value.ts';

export interface DecodedText {
  readonly text: string;
  /** Code `encoding`; ENT003 reports it for entitlements. */
  readonly errors: readonly PlistError[];
}

const said = (message: string, start = 0, end = start): PlistError => ({
  code: 'encoding',
  range: { start, end },
  message,
});

/** A byte order mark stays in the text: offsets are the file's. */
export function decodePlistText(bytes: Uint8Array): DecodedText {
  const [a, b, c, d] = [bytes[0], bytes[1], bytes[2], bytes[3]];
  const isLe = (a === 0xff && b === 0xfe) || (a === 0x3c && b === 0 && c !== 0);
  const isBe = (a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c && d !== 0);
  if (isLe || isBe) {
    const text = new TextDecoder(isLe ? 'utf-16le' : 'utf-16be').decode(bytes);
    return { text, errors: [said('The file is UTF-16; a property list is UTF-8.')] };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), errors: [] };
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const at = Math.max(0, text.indexOf('\ufffd'));
    return { text, errors: [said('These bytes are not UTF-8.', at, at + 1)] };
  }
}
