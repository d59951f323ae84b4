import assert from 'node:assert/strict';
import net from 'node:net';
import fc from 'fast-check';
import { addressText, endpointText } from '../../../src/flow/address.ts';

const groups = (...g: number[]): Uint8Array => Uint8Array.from(g.flatMap((x) => [x >> 8, x & 255]));

describe('addresses as text', () => {
  it('follows RFC 5952', () => {
    for (const [bytes, text] of [
      [Uint8Array.of(192, 0, 2, 1), '192.0.2.1'],
      [new Uint8Array(16), '::'],
      [groups(0, 0, 0, 0, 0, 0, 0, 1), '::1'],
      [groups(0x2001, 0xdb8, 0, 0, 0, 0, 2, 1), '2001:db8::2:1'],
      [groups(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
      [groups(0x2001, 0, 0, 1, 0, 0, 0, 1), '2001:0:0:1::1'], // the longest run
      [groups(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '2001:db8::1:0:0:1'], // the first of equal ones
      [groups(0xfe80, 0, 0, 0, 0, 0, 0, 0), 'fe80::'],
      [groups(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201), '::ffff:192.0.2.1'],
    ] as const)
      assert.equal(addressText(bytes), text);
    for (const length of [0, 1, 3, 5, 15, 17]) assert.equal(addressText(new Uint8Array(length)), '');
  });

  it('is what the system reads as the same address', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 1, 0xabcd, 0xffff), { minLength: 8, maxLength: 8 }), (g) => {
        const text = addressText(groups(...g));
        const written = new net.SocketAddress({ address: g.map((x) => x.toString(16)).join(':'), family: 'ipv6' });
        assert.equal(new net.SocketAddress({ address: text, family: 'ipv6' }).address, written.address);
      }),
    );
  });

  it('puts IPv6 in brackets before a port', () => {
    assert.equal(endpointText({ address: '::1', port: 443 }), '[::1]:443');
    assert.equal(endpointText({ address: '192.0.2.1', port: 0 }), '192.0.2.1:0');
  });
});
