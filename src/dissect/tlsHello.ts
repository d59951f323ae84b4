// ClientHello and ServerHello (RFC 8446 section 4.1, RFC 6066 server_name, RFC 7301 ALPN), shared by TLS and QUIC.
import { sha256 } from '@noble/hashes/sha2.js';
import { Reader, hex, latin1Text } from './bytes.ts';

export interface ClientHello {
  /** The highest version offered, e.g. 0x0304. */
  readonly version: number;
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** Encrypted ClientHello: serverName is then the outer, public one. */
  readonly encrypted: boolean;
}
export interface ServerHello {
  readonly version: number;
  readonly cipher: number;
  /** Only up to TLS 1.2; later it is encrypted. */
  readonly alpn: string;
  readonly retry: boolean;
}

const extension = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
  encryptedClientHello: 0xfe0d,
} as const;
// RFC 8446 section 4.1.3: the random of a HelloRetryRequest.
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/** Reserved values that clients send to keep servers tolerant (RFC 8701). */
export const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

export const versionName = (v: number): string =>
  ({
    0x0300: 'SSL 3.0',
    0x0301: 'TLS 1.0',
    0x0302: 'TLS 1.1',
    0x0303: 'TLS 1.2',
    0x0304: 'TLS 1.3',
    0xfeff: 'DTLS 1.0',
    0xfefd: 'DTLS 1.2',
  })[v] ?? `0x${v.toString(16).padStart(4, '0')}`;

function u16List(r: Reader): number[] {
  const list: number[] = [];
  while (r.left >= 2) list.push(r.u16());
  return list;
}

/** `body` is the handshake message without its 4-byte header. Undefined where it is malformed. */
export function parseClientHello(body: Uint8Array): ClientHello | undefined {
  const r = new Reader(body);
  const legacy = r.u16();
  r.skip(32);
  r.skip(r.u8());
  const ciphers = u16List(r.part(r.u16()));
  r.skip(r.u8());
  const hello = {
    version: legacy,
    serverName: '',
    alpn: [] as string[],
    ciphers,
    extensions: [] as number[],
    signatureAlgorithms: [] as number[],
    encrypted: false,
  };
  if (r.failed) return undefined;
  const list = r.left >= 2 ? r.part(r.u16()) : new Reader(body, 0, 0);
  while (list.left >= 4) {
    const type = list.u16();
    const e = list.part(list.u16());
    hello.extensions.push(type);
    if (type === extension.serverName) {
      e.skip(2);
      if (e.u8() === 0) hello.serverName = latin1Text(e.take(e.u16()));
    } else if (type === extension.alpn) {
      for (const names = e.part(e.u16()); names.left > 0;) hello.alpn.push(latin1Text(names.take(names.u8())));
    } else if (type === extension.supportedVersions) {
      const versions = u16List(e.part(e.u8())).filter((v) => !isGrease(v));
      if (versions.length > 0) hello.version = Math.max(...versions);
    } else if (type === extension.signatureAlgorithms) hello.signatureAlgorithms = u16List(e.part(e.u16()));
    else if (type === extension.encryptedClientHello) hello.encrypted = true;
  }
  return r.failed || list.failed ? undefined : hello;
}

export function parseServerHello(body: Uint8Array): ServerHello | undefined {
  const r = new Reader(body);
  let version = r.u16();
  const retry = hex(r.take(32)) === retryRandom;
  r.skip(r.u8());
  const cipher = r.u16();
  r.skip(1);
  let alpn = '';
  if (r.failed) return undefined;
  const list = r.left >= 2 ? r.part(r.u16()) : new Reader(body, 0, 0);
  while (list.left >= 4) {
    const type = list.u16();
    const e = list.part(list.u16());
    if (type === extension.supportedVersions) version = e.u16();
    else if (type === extension.alpn) {
      e.skip(2);
      alpn = latin1Text(e.take(e.u8()));
    }
  }
  return r.failed || list.failed ? undefined : { version, cipher, alpn, retry };
}

const short = (text: string): string => hex(sha256(new TextEncoder().encode(text))).slice(0, 12);
const hex4 = (v: number): string => v.toString(16).padStart(4, '0');

/** The JA4 fingerprint of a client (FoxIO's published definition, "JA4: TLS Client Fingerprint"). `t` TCP, `q` QUIC. */
export function ja4(hello: ClientHello, transport: 't' | 'q'): string {
  const ciphers = hello.ciphers.filter((c) => !isGrease(c));
  const extensions = hello.extensions.filter((e) => !isGrease(e));
  const version = { 0x0304: '13', 0x0303: '12', 0x0302: '11', 0x0301: '10', 0x0300: 's3' }[hello.version] ?? '00';
  const count = (n: number): string => String(Math.min(n, 99)).padStart(2, '0');
  const first = hello.alpn[0] ?? '';
  const ends = first === '' ? '00' : alpnEnds(first);
  const head = `${transport}${version}${hello.serverName ? 'd' : 'i'}${count(ciphers.length)}${count(extensions.length)}${ends}`;
  const cipherList = ciphers.map(hex4).sort().join(',');
  const extensionList = extensions
    .filter((e) => e !== extension.serverName && e !== extension.alpn)
    .map(hex4)
    .sort()
    .join(',');
  const signatures = hello.signatureAlgorithms
    .filter((s) => !isGrease(s))
    .map(hex4)
    .join(',');
  const none = '000000000000';
  return `${head}_${ciphers.length ? short(cipherList) : none}_${extensions.length ? short(signatures ? `${extensionList}_${signatures}` : extensionList) : none}`;
}

/** First and last character of the first ALPN value; of its hexadecimal form where they are not alphanumeric. */
function alpnEnds(name: string): string {
  const ends = `${name[0]!}${name.at(-1)!}`;
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const digits = hex(Uint8Array.from(name, (c) => c.charCodeAt(0)));
  return `${digits[0]!}${digits.at(-1)!}`;
}
