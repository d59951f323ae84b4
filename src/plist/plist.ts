// Any property list: finds out which format the bytes are in.
import { isBinaryPlist, parseBinaryPlist } from './binary.ts';
import { decodePlistText } from './decode.ts';
import { parseOpenStep } from './openstep.ts';
import type { PlistDocument } from './value.ts';
import { parseXmlPlist } from './xml.ts';

export function parsePlist(input: Uint8Array | string): PlistDocument {
  if (typeof input === 'string') return parseText(input);
  if (isBinaryPlist(input)) return parseBinaryPlist(input);
  const { text, errors } = decodePlistText(input);
  const document = parseText(text);
  return errors.length === 0 ? document : { ...document, errors: [...errors, ...document.errors] };
}

/** XML begins with `<`; OpenStep with a bracket or a comment. What is neither is reported as broken XML. */
const parseText = (text: string): PlistDocument =>
  /^\ufeff?\s*(\{|\(|\/\/|\/\*)/.test(text) ? parseOpenStep(text) : parseXmlPlist(text);
