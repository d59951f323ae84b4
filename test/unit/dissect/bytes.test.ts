import assert from 'node:assert/strict';
import fc from 'fast-check';
import { latin1Text } from '../../../src/dissect/bytes.ts';
import { parseDns } from '../../../src/dissect/dnsMessage.ts';

describe('bytes as ISO 8859-1', () => {
  it('are a character each, of the same number', () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    assert.equal(latin1Text(every), Buffer.from(every).toString('latin1'));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => latin1Text(bytes) === Buffer.from(bytes).toString('latin1')));
  });
  it('are told by their number in a DNS name (RFC 1035, section 5.1)', () => {
    const header = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    const question = [4, 0x61, 0x80, 0x9f, 0xff, 0, 0, 1, 0, 1];
    assert.equal(parseDns(Uint8Array.of(...header, ...question))?.questions[0]?.name, 'a\\128\\159\\255');
  });
});
