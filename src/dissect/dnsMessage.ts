// DNS messages (RFC 1035 section 4). Names are bounded against compression loops.
import { Reader, hex, latin1Text } from './bytes.ts';
import type { DnsMessage, DnsRecord } from './dissection.ts';

const types: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};
const codes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];
const maxQuestions = 20; // one, as a rule
const maxRecords = 500;
/** Characters of one message in text form: names that point to each other unfold to many times their size. */
const maxText = 64 * 1024;

export const typeName = (type: number): string => types[type] ?? `TYPE${type}`;

/** Undefined where the bytes cannot be a DNS message. A message cut off in its records is given as far as it goes. */
export function parseDns(bytes: Uint8Array): DnsMessage | undefined {
  const r = new Reader(bytes);
  const id = r.u16();
  const flags = r.u16();
  const [questionCount, answerCount] = [r.u16(), r.u16()];
  r.skip(4);
  if (r.failed) return undefined;
  const questions: { name: string; type: string }[] = [];
  for (let i = 0; i < Math.min(questionCount, maxQuestions) && !r.failed; i++) {
    const name = readName(r);
    const type = r.u16();
    r.skip(2);
    if (!r.failed && name !== undefined) questions.push({ name, type: typeName(type) });
  }
  if (questionCount > maxQuestions) r.failed = true; // where the answers begin is not known
  const answers: DnsRecord[] = [];
  let text = questions.reduce((sum, q) => sum + q.name.length, 0);
  for (let i = 0; i < Math.min(answerCount, maxRecords) && !r.failed; i++) {
    const record = readRecord(r);
    if (!record) continue;
    text += record.name.length + record.data.length;
    if (text > maxText) r.failed = true;
    else answers.push(record);
  }
  const truncated = (flags & 0x0200) !== 0 || r.failed;
  return {
    id,
    response: (flags & 0x8000) !== 0,
    code: codes[flags & 15] ?? `RCODE${flags & 15}`,
    questions,
    answers,
    truncated,
  };
}

/** A name in text form with backslash escapes (RFC 1035 section 5.1); '.' is the root. Undefined where malformed. */
function readName(r: Reader): string | undefined {
  const labels: string[] = [];
  let at = r;
  let jumps = 0;
  let size = 0;
  for (;;) {
    const length = at.u8();
    if (at.failed) break;
    if (length === 0) return labels.join('.') || '.';
    if ((length & 0xc0) === 0xc0) {
      const target = ((length & 0x3f) << 8) | at.u8();
      if (at.failed || ++jumps > 32 || target >= r.bytes.length) break;
      at = new Reader(r.bytes, target);
    } else if (length < 64 && (size += length + 1) <= 255) labels.push(escapeLabel(latin1Text(at.take(length))));
    else break;
  }
  r.failed = true;
  return undefined;
}

const escapeLabel = (label: string): string =>
  label.replace(/[.\\]/g, '\\$&').replace(/[^\x21-\x7e]/g, (c) => `\\${c.charCodeAt(0).toString().padStart(3, '0')}`);

function readRecord(r: Reader): DnsRecord | undefined {
  const name = readName(r);
  const type = r.u16();
  r.skip(2);
  const ttl = r.u32();
  const length = r.u16();
  const start = r.at;
  if (r.failed || name === undefined || r.left < length) {
    r.failed = true;
    return undefined;
  }
  // Names in the data may point back into the message, so the reader spans the message up to this record's end.
  const data = recordData(typeName(type), new Reader(r.bytes, start, start + length));
  r.skip(length);
  return { name, type: typeName(type), ttl, data };
}

function recordData(type: string, r: Reader): string {
  const raw = hex(r.bytes.subarray(r.at, r.end));
  const text = (() => {
    switch (type) {
      case 'A':
        return r.left === 4 ? Array.from(r.take(4)).join('.') : undefined;
      case 'AAAA':
        return r.left === 16 ? formatIpv6(r.take(16)) : undefined;
      case 'NS':
      case 'CNAME':
      case 'PTR':
      case 'DNAME':
        return readName(r);
      case 'MX':
        return `${r.u16()} ${readName(r)}`;
      case 'SRV':
        return `${r.u16()} ${r.u16()} ${r.u16()} ${readName(r)}`;
      case 'SOA':
        return `${readName(r)} ${readName(r)} ${r.u32()}`;
      case 'TXT': {
        const strings: string[] = [];
        while (r.left > 0) strings.push(JSON.stringify(latin1Text(r.take(r.u8()))));
        return strings.join(' ');
      }
      case 'HTTPS':
      case 'SVCB':
        return `${r.u16()} ${readName(r)}`;
      default:
        return undefined;
    }
  })();
  return text === undefined || r.failed ? raw : text;
}

/** RFC 5952: lower case, the longest run of zero groups shortened. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === '0') n++;
    if (n > best.length) best = { start: i, length: n };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
