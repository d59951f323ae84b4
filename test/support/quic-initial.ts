// Seals a client's first Initial packet with node:crypto, independently of the dissector (RFC 9001 section 5, RFC 9369).
import crypto from 'node:crypto';

const versions: Record<number, { salt: string; label: string; type: number }> = {
  1: { salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', label: 'quic', type: 0 },
  0x6b3343cf: { salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', label: 'quicv2', type: 1 },
};
const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
const withLength = (bytes: Buffer, size: 1 | 2 | 3): Buffer => {
  const head = Buffer.alloc(size);
  head.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([head, bytes]);
};

function hkdf(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([u16(length), withLength(name, 1), Buffer.from([0])]);
  // HKDF-Expand of at most one hash length is one HMAC block (RFC 5869 section 2.3).
  return crypto
    .createHmac('sha256', secret)
    .update(Buffer.concat([info, Buffer.from([1])]))
    .digest()
    .subarray(0, length);
}

function clientHello(serverName: string, alpn: string): Buffer {
  const name = Buffer.concat([Buffer.from([0]), withLength(Buffer.from(serverName), 2)]);
  const extensions = Buffer.concat([
    Buffer.concat([u16(0), withLength(withLength(name, 2), 2)]),
    Buffer.concat([u16(16), withLength(withLength(withLength(Buffer.from(alpn), 1), 2), 2)]),
    Buffer.concat([u16(43), withLength(withLength(u16(0x0304), 1), 2)]),
  ]);
  const body = Buffer.concat([
    u16(0x0303),
    crypto.randomBytes(32),
    Buffer.from([0]),
    withLength(u16(0x1301), 2),
    Buffer.from([1, 0]),
    withLength(extensions, 2),
  ]);
  return Buffer.concat([Buffer.from([1]), withLength(body, 3)]);
}

export function sealInitial(version: number, serverName: string, alpn: string): Uint8Array {
  const { salt, label, type } = versions[version]!;
  const connectionId = crypto.randomBytes(8);
  const initial = crypto.createHmac('sha256', Buffer.from(salt, 'hex')).update(connectionId).digest();
  const secret = hkdf(initial, 'client in', 32);
  const [key, iv, hp] = [
    hkdf(secret, `${label} key`, 16),
    hkdf(secret, `${label} iv`, 12),
    hkdf(secret, `${label} hp`, 16),
  ];
  const hello = clientHello(serverName, alpn);
  // Two CRYPTO frames in the wrong order, as some clients send them, then padding to 1200 bytes.
  const cut = 30;
  const crypto1 = Buffer.concat([Buffer.from([6, 0]), u16(0x4000 | cut), hello.subarray(0, cut)]);
  const crypto2 = Buffer.concat([
    Buffer.from([6]),
    u16(0x4000 | cut),
    u16(0x4000 | (hello.length - cut)),
    hello.subarray(cut),
  ]);
  const payload = Buffer.concat([crypto2, crypto1, Buffer.alloc(1200 - crypto1.length - crypto2.length - 38)]);
  const number = Buffer.from([0, 0, 0, 2]);
  const head = Buffer.concat([
    Buffer.from([0xc3 | (type << 4)]),
    Buffer.from([version >>> 24, (version >> 16) & 255, (version >> 8) & 255, version & 255]),
    withLength(connectionId, 1),
    Buffer.from([0, 0]),
    u16(0x4000 | (number.length + payload.length + 16)),
  ]);
  const nonce = Buffer.from(iv);
  for (let i = 0; i < 4; i++) nonce[8 + i]! ^= number[i]!;
  const cipher = crypto.createCipheriv('aes-128-gcm', key, nonce).setAAD(Buffer.concat([head, number]));
  const sealed = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const mask = crypto.createCipheriv('aes-128-ecb', hp, null).update(sealed.subarray(0, 16));
  head[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < 4; i++) number[i]! ^= mask[1 + i]!;
  return new Uint8Array(Buffer.concat([head, number, sealed]));
}
