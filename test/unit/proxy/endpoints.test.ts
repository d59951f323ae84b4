import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endpointNames, isEndpointName, readToken } from '../../../src/proxy/endpoints.ts';

describe('names of endpoints', () => {
  it('are Mach services on macOS and absolute paths on Linux', () => {
    assert.ok(isEndpointName('A1B2C3D4E5.com.example.proxy.flows', 'darwin'));
    assert.ok(isEndpointName('/run/user/1000/example/endpoint', 'linux'));
    for (const name of ['', 'one', '/run/endpoint', '$(TeamIdentifierPrefix)com.example', 'a b.c', 'a..b', 7, null])
      assert.ok(!isEndpointName(name, 'darwin'), String(name));
    for (const name of ['', 'com.example.flows', 'run/endpoint', '/a\0b', `/${'x'.repeat(2000)}`, undefined])
      assert.ok(!isEndpointName(name, 'linux'), String(name));
  });

  it('are taken once each, and one that is none is named', () => {
    assert.deepEqual(endpointNames(['/b', '/a', '/b'], 'linux'), ['/b', '/a']);
    assert.throws(() => endpointNames(['/b', 'x'], 'linux'), /“x” is not the name/);
  });
});

describe('the token of an endpoint', () => {
  let folder = '';
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-token-'))));
  after(() => fs.rmSync(folder, { recursive: true }));
  function file(text: string, mode = 0o600): string {
    const name = path.join(folder, 'token');
    fs.writeFileSync(name, text);
    fs.chmodSync(name, mode);
    return name;
  }

  it('is the first line of its file', async () => {
    for (const text of ['0123456789abcdef', '0123456789abcdef\n', '0123456789abcdef\r\nmore'])
      assert.equal(await readToken(file(text)), '0123456789abcdef');
  });

  it('is refused where it is empty, or others may read it', async () => {
    await assert.rejects(readToken(file('\n')), /is empty/);
    await assert.rejects(readToken(file('0123456789abcdef', 0o640)), /others may read/);
    await assert.rejects(readToken(path.join(folder, 'absent')), /ENOENT/);
  });
});
