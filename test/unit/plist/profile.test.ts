import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseProfile } from '../../../src/plist/profile.ts';
import { numbers } from '../../support/damaged-plists.ts';

const read = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/profiles/${name}.provisionprofile`, import.meta.url)));
const profileOf = (bytes: Uint8Array) => {
  const result = parseProfile(bytes);
  if ('problem' in result) assert.fail(result.problem);
  return result.profile;
};

const length = (n: number): number[] => (n < 128 ? [n] : [0x82, n >> 8, n & 255]);
const der = (tag: number, ...parts: readonly (readonly number[])[]): number[] => {
  const body = parts.flat();
  return [tag, ...length(body.length), ...body];
};
const indefinite = (tag: number, ...parts: readonly (readonly number[])[]): number[] => [
  tag,
  0x80,
  ...parts.flat(),
  0,
  0,
];
const signedData = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const data = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/** A signed message whose content comes in chunks of `size` bytes, all lengths indefinite. */
function chunked(content: Uint8Array, size: number): Uint8Array {
  const chunks: number[][] = [];
  for (let at = 0; at < content.length; at += size) chunks.push(der(4, [...content.subarray(at, at + size)]));
  const encapsulated = indefinite(0x30, data, indefinite(0xa0, indefinite(0x24, ...chunks)));
  return new Uint8Array(
    indefinite(0x30, signedData, indefinite(0xa0, indefinite(0x30, der(2, [1]), der(0x31), encapsulated, der(0x31)))),
  );
}

describe('provisioning profiles', () => {
  it('tell team, expiry, certificates and what they grant', () => {
    const profile = profileOf(read('developer-id'));
    assert.equal(profile.kind, 'developer-id');
    assert.deepEqual(profile.teamIds, ['ABCDEFGH12']);
    assert.equal(profile.expires, '2036-01-02T03:04:05Z');
    assert.equal(profile.devices, undefined);
    assert.deepEqual(
      profile.certificates.map((c) => [c.commonName, c.teamId]),
      [['Developer ID Application: Example Ltd (ABCDEFGH12)', 'ABCDEFGH12']],
    );
    assert.ok(profile.certificates[0]!.notAfter > profile.certificates[0]!.notBefore);
    assert.ok(profile.entitlements!.entries.some((e) => e.key === 'com.apple.developer.networking.networkextension'));
  });

  it('tell a development profile by its devices', () => {
    const profile = profileOf(read('development'));
    assert.equal(profile.kind, 'development');
    assert.deepEqual(profile.devices, ['00008110-000A']);
  });

  it('are read in chunked encodings too, whatever the size of a chunk', () => {
    const whole = profileOf(read('chunked'));
    assert.equal(whole.name, 'Example Developer ID');
    const content = new TextEncoder().encode(whole.document.text);
    for (const size of [1, 7, 100, 4096]) assert.deepEqual(profileOf(chunked(content, size)), whole);
  });

  it('that are none are told with a reason', () => {
    const problem = (bytes: Uint8Array): string => {
      const result = parseProfile(bytes);
      return 'problem' in result ? result.problem : '';
    };
    assert.match(problem(new Uint8Array()), /CMS/);
    assert.match(problem(new TextEncoder().encode('<plist><dict/></plist>')), /CMS/);
    assert.match(problem(chunked(new TextEncoder().encode('hello'), 3)), /property list/);
    assert.match(problem(new Uint8Array(der(0x30, data))), /CMS/);
    const deep = new Uint8Array(200_000).fill(0x80);
    for (let i = 0; i < deep.length; i += 2) deep[i] = 0x30;
    assert.match(problem(deep), /CMS/);
  });

  it('survive any damage', () => {
    const random = numbers(11);
    const good = read('chunked');
    for (let n = 0; n < 100; n++) {
      const bytes = good.slice(0, random(5) === 0 ? random(good.length) : good.length);
      for (let k = 1 + random(8); k > 0 && bytes.length > 0; k--) bytes[random(bytes.length)] = random(256);
      const result = parseProfile(bytes);
      assert.ok('problem' in result ? result.problem.length > 0 : result.profile.document.root);
    }
  });
});
