// Binary property lists (bplist00), shown as the XML they stand for: every value then has a place in that text.
// Offsets and lengths come from the file and are checked each time; a value used in many places counts each time,
// so that a small file cannot stand for a huge tree.
import { toBase64 } from './base64.ts';
import type { PlistDocument, PlistError } from './value.ts';
import { maxDepth, parseXmlPlist } from './xml.ts';
import { encodeText } from './xmlText.ts';

const maxValues = 200_000;
const maxText = 16 << 20;
/** Seconds from 1970 to 2001, the epoch of Apple's dates. */
const appleEpoch = 978_307_200;

class Malformed extends Error {}

export const isBinaryPlist = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 6)) === 'bplist';

export function parseBinaryPlist(bytes: Uint8Array): PlistDocument {
  const failed = (message: string): PlistDocument => {
    const error: PlistError = { code: 'syntax', range: { start: 0, end: 0 }, message };
    return { format: 'binary', text: '', errors: [error], comments: [] };
  };
  try {
    const text = new Reader(bytes).toXml();
    return { ...parseXmlPlist(text), format: 'binary' };
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError)
      return failed(`Not a readable binary property list: ${error.message}`);
    throw error;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #offsetSize: number;
  readonly #refSize: number;
  readonly #count: number;
  readonly #table: number;
  readonly #top: number;
  readonly #out: string[] = [];
  readonly #onPath = new Set<number>();
  #values = 0;
  #length = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 40) throw new Malformed('it is cut off.');
    const trailer = bytes.length - 32;
    this.#offsetSize = bytes[trailer + 6]!;
    this.#refSize = bytes[trailer + 7]!;
    this.#count = this.#uint(trailer + 8, 8);
    this.#top = this.#uint(trailer + 16, 8);
    this.#table = this.#uint(trailer + 24, 8);
    if (this.#offsetSize < 1 || this.#offsetSize > 8 || this.#refSize < 1 || this.#refSize > 8)
      throw new Malformed('its trailer is damaged.');
    if (this.#table + this.#count * this.#offsetSize > trailer) throw new Malformed('its table lies outside the file.');
  }

  toXml(): string {
    this.#write('<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n');
    this.#value(this.#top, '');
    this.#write('</plist>\n');
    return this.#out.join('');
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > maxText) throw new Malformed('it stands for too much text.');
    this.#out.push(text);
  }

  #uint(at: number, size: number): number {
    if (at < 0 || at + size > this.#bytes.length) throw new Malformed('a number lies outside the file.');
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#bytes[at + i]!;
    return value;
  }

  #slice(at: number, length: number): Uint8Array {
    if (at + length > this.#bytes.length) throw new Malformed('a value reaches beyond the file.');
    return this.#bytes.subarray(at, at + length);
  }

  /** The length in the marker, or in the integer behind it; and where the content begins. */
  #sized(at: number): { length: number; start: number } {
    const low = this.#bytes[at]! & 15;
    if (low !== 15) return { length: low, start: at + 1 };
    const marker = this.#uint(at + 1, 1);
    if (marker >> 4 !== 1 || (marker & 15) > 3) throw new Malformed('a length is damaged.');
    const size = 1 << (marker & 15);
    return { length: this.#uint(at + 2, size), start: at + 2 + size };
  }

  #value(ref: number, indent: string): void {
    if (ref >= this.#count) throw new Malformed('it refers to a value that does not exist.');
    if (++this.#values > maxValues) throw new Malformed('it stands for too many values.');
    const at = this.#uint(this.#table + ref * this.#offsetSize, this.#offsetSize);
    const kind = this.#uint(at, 1) >> 4;
    if (kind === 0xa || kind === 0xc || kind === 0xd) {
      if (this.#onPath.has(ref)) throw new Malformed('a value contains itself.');
      if (this.#onPath.size >= maxDepth) throw new Malformed(`it is nested more than ${maxDepth} deep.`);
      this.#onPath.add(ref);
      this.#container(at, kind === 0xd, indent);
      this.#onPath.delete(ref);
    } else this.#write(`${indent}${this.#scalar(at, kind)}\n`);
  }

  #container(at: number, isDict: boolean, indent: string): void {
    const { length, start } = this.#sized(at);
    this.#slice(start, length * this.#refSize * (isDict ? 2 : 1));
    const name = isDict ? 'dict' : 'array';
    this.#write(`${indent}<${name}>\n`);
    const deeper = `${indent}\t`;
    for (let i = 0; i < length; i++) {
      const ref = (index: number): number => this.#uint(start + index * this.#refSize, this.#refSize);
      if (isDict) this.#key(ref(i), deeper);
      this.#value(ref(isDict ? length + i : i), deeper);
    }
    this.#write(`${indent}</${name}>\n`);
  }

  #key(ref: number, indent: string): void {
    if (ref >= this.#count) throw new Malformed('it refers to a key that does not exist.');
    const at = this.#uint(this.#table + ref * this.#offsetSize, this.#offsetSize);
    const kind = this.#uint(at, 1) >> 4;
    if (kind !== 5 && kind !== 6) throw new Malformed('a key is no string.');
    this.#write(`${indent}<key>${this.#string(at, kind === 6)}</key>\n`);
  }

  #string(at: number, wide: boolean): string {
    const { length, start } = this.#sized(at);
    const bytes = this.#slice(start, wide ? length * 2 : length);
    const text = new TextDecoder(wide ? 'utf-16be' : 'utf-8').decode(bytes);
    // oxlint-disable-next-line no-control-regex
    return encodeText(text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd'));
  }

  #scalar(at: number, kind: number): string {
    const low = this.#bytes[at]! & 15;
    switch (kind) {
      case 0:
        if (low === 8 || low === 9) return low === 9 ? '<true/>' : '<false/>';
        return '<string></string>';
      case 1:
        return `<integer>${this.#integer(at, 1 << low)}</integer>`;
      case 2:
        if (low !== 2 && low !== 3) throw new Malformed('a number has an unknown size.');
        this.#slice(at + 1, 1 << low);
        return `<real>${low === 2 ? this.#view.getFloat32(at + 1) : this.#view.getFloat64(at + 1)}</real>`;
      case 3: {
        this.#slice(at + 1, 8);
        const date = new Date((this.#view.getFloat64(at + 1) + appleEpoch) * 1000);
        if (Number.isNaN(date.getTime())) throw new Malformed('a date is out of range.');
        return `<date>${date.toISOString().replace(/\.\d+Z$/, 'Z')}</date>`;
      }
      case 4: {
        const { length, start } = this.#sized(at);
        return `<data>${toBase64(this.#slice(start, length))}</data>`;
      }
      case 5:
      case 6:
        return `<string>${this.#string(at, kind === 6)}</string>`;
      case 8:
        // What an archiver writes to refer to an object; in XML it has this form.
        return `<dict><key>CF$UID</key><integer>${this.#uint(at + 1, low + 1)}</integer></dict>`;
      default:
        throw new Malformed(`a value has the unknown type ${kind}.`);
    }
  }

  #integer(at: number, size: number): bigint {
    if (size > 16) throw new Malformed('an integer is too large.');
    let value = 0n;
    for (const byte of this.#slice(at + 1, size)) value = value * 256n + BigInt(byte);
    // Shorter ones have no sign.
    return size >= 8 ? BigInt.asIntN(size * 8, value) : value;
  }
}
