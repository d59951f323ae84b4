// Provisioning profiles for tests: what the reader finds in a signed message. Signing one needs OpenSSL; the fixtures
// hold such, and the tests of the profile's reader take them apart.

/** SignedData (RFC 5652) with the content and without signers. */
export function cms(text: string): Uint8Array {
  const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(parts);
    const length =
      body.length < 128 ? [body.length] : [0x83, body.length >> 16, (body.length >> 8) & 255, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const oid = (...bytes: number[]): Uint8Array =>
    der(6, Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, ...bytes]));
  const content = der(0x30, oid(1), der(0xa0, der(4, Buffer.from(text))));
  return der(0x30, oid(2), der(0xa0, der(0x30, der(2, Buffer.from([1])), der(0x31), content, der(0x31))));
}
