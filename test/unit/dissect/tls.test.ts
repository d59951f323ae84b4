import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tlsModule from 'node:tls';
import fc from 'fast-check';
import type { Direction } from '../../../src/dissect/dissection.ts';
import { tls } from '../../../src/dissect/tls.ts';
import { ja4 } from '../../../src/dissect/tlsHello.ts';

const empty = new Uint8Array(0);
const begin = () => tls.begin({ transport: 'tcp', up: empty, down: empty, serverPort: 443 });

/** What a real client and server say through a recording relay. */
async function record(
  options: tlsModule.ConnectionOptions,
  credentials: tlsModule.TlsOptions,
): Promise<[Direction, Buffer][]> {
  const said: [Direction, Buffer][] = [];
  const server = tlsModule.createServer({ ...credentials, ALPNProtocols: ['h2', 'http/1.1'] }, (s) => s.end('bye'));
  server.on('tlsClientError', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const relay = net.createServer((client) => {
    const upstream = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    client.on('data', (b: Buffer) => (said.push(['up', b]), upstream.write(b)));
    upstream.on('data', (b: Buffer) => (said.push(['down', b]), client.write(b)));
    for (const [a, b] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      a.on('error', () => b.destroy()).on('close', () => b.destroy());
  });
  await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done));
  await new Promise<void>((done) => {
    const client = tlsModule.connect({
      port: (relay.address() as net.AddressInfo).port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...options,
    });
    client
      .on('error', () => {})
      .on('close', done)
      .resume();
  });
  await new Promise((done) => relay.close(done));
  await new Promise((done) => server.close(done));
  return said;
}

function dissect(said: readonly [Direction, Buffer][], size = Infinity) {
  const d = begin();
  for (const [direction, bytes] of said)
    for (let at = 0; at < bytes.length; at += size)
      d.data(direction, new Uint8Array(bytes.subarray(at, Math.min(bytes.length, at + size))), 1);
  return d;
}

describe('TLS', () => {
  let dir = '';
  let credentials: tlsModule.TlsOptions;
  before(function () {
    if (spawnSync('openssl', ['version']).status !== 0) this.skip();
    dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-tls-'));
    const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        '/CN=test.example',
      ],
      { stdio: 'ignore' },
    );
    credentials = { key: readFileSync(key), cert: readFileSync(cert) };
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('reads the hellos of a real TLS 1.3 handshake', async () => {
    const d = dissect(await record({ servername: 'api.test.example', ALPNProtocols: ['h2'] }, credentials));
    assert.equal(d.application.host, 'api.test.example');
    assert.equal(d.application.summary, 'TLS 1.3 h2 api.test.example');
    assert.deepEqual(
      d.messages.slice(0, 2).map((m) => m.kind === 'handshake' && m.title),
      ['ClientHello', 'ServerHello'],
    );
    assert.deepEqual(d.notes, []);
  });
  it('reads a real TLS 1.2 handshake, byte by byte, with the ALPN the server chose', async () => {
    const said = await record(
      { servername: 'old.test.example', maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1', 'h2'] },
      credentials,
    );
    const d = dissect(said, 1);
    assert.match(d.application.summary, /^TLS 1\.2 (h2|http\/1\.1) old\.test\.example$/);
    const hello = d.messages[1];
    assert.ok(hello?.kind === 'handshake');
    assert.match(hello.fields.find(([n]) => n === 'Cipher suite')![1], /^TLS_ECDHE_ECDSA_/);
  });
  it('names the alert of a handshake that failed', async () => {
    const d = dissect(await record({ minVersion: 'TLSv1.3' }, { ...credentials, maxVersion: 'TLSv1.2' }));
    assert.equal(d.application.failed, true);
    assert.match(d.application.summary, /alert protocol_version/);
  });
  it('never throws on damaged handshakes', async () => {
    const said = await record({ servername: 'x.example' }, credentials);
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), fc.nat(), (at, value, cut) => {
        const d = begin();
        for (const [direction, bytes] of said) {
          const copy = new Uint8Array(bytes);
          copy[at % copy.length] = value;
          d.data(direction, copy.subarray(0, cut % (copy.length + 1)), 1);
          d.gap(direction, cut % 3, 1);
        }
        assert.ok(d.application.protocol === 'tls');
      }),
    );
  });

  it('makes the JA4 of the published example', () => {
    const ids = (list: string): number[] => list.split(',').map((x) => Number.parseInt(x, 16));
    const hello = {
      version: 0x0304,
      serverName: 'example.com',
      alpn: ['h2', 'http/1.1'],
      ciphers: ids('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035,0a0a'),
      extensions: ids('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,2a2a'),
      signatureAlgorithms: ids('0403,0804,0401,0503,0805,0501,0806,0601'),
      encrypted: false,
    };
    assert.equal(ja4(hello, 't'), 't13d1516h2_8daaf6152771_e5627efa2ab1');
  });
});
