import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writePcapng } from '../../../src/capture/pcapng.ts';
import { FakeSource, chunk, makeFlow, t0 } from '../../support/flows.ts';
import { haveTshark, tshark } from '../../support/tshark.ts';

describe('pcapng as tshark reads it', function () {
  this.timeout(60_000);
  let dir = '';
  before(function () {
    if (!haveTshark) this.skip();
    dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-pcapng-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const source = new FakeSource();
  const request = 'GET /a HTTP/1.1\r\nHost: api.example.com\r\n\r\n';
  const response = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
  const v6 = { source: { address: 'fdfd:f10::2', port: 5000 }, destination: { address: '2001:db8::7', port: 443 } };
  const big = new Uint8Array(200_000).fill(120);
  const flows = [
    source.add(makeFlow({ id: 1, bytesUp: request.length, bytesDown: response.length }), {
      up: [chunk(0, request, t0 + 2000)],
      down: [chunk(0, response.slice(0, 10), t0 + 3000), chunk(10, response.slice(10), t0 + 4000)],
    }),
    source.add(
      makeFlow({
        id: 2,
        ...v6,
        host: '',
        openedAt: t0 + 500,
        bytesUp: 200_000,
        bytesDown: 100_000_000,
        reason: 'reset by server',
      }),
      {
        up: [chunk(0, big, t0 + 5000)],
      },
    ),
    source.add(
      makeFlow({
        id: 3,
        source: { address: '198.18.0.2', port: 40001 },
        connectedAt: 0,
        reason: 'refused',
        error: 111,
        errorText: 'Connection refused',
      }),
    ),
    source.add(
      makeFlow({
        id: 4,
        protocol: 'udp',
        source: { address: '198.18.0.2', port: 40002 },
        destination: { address: '203.0.113.53', port: 53 },
        host: '',
        reason: 'idle',
      }),
      {
        up: [
          chunk(
            0,
            '\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01',
            t0 + 10,
          ),
        ],
      },
    ),
    source.add(
      makeFlow({ id: 5, source: { address: '198.18.0.2', port: 40003 }, state: 'open', closedAt: 0, bytesUp: 3 }),
      { up: [chunk(0, 'abc', t0 + 2000)] },
    ),
    source.add(
      makeFlow({
        id: 7,
        protocol: 'udp',
        source: { address: '198.18.0.2', port: 40007 },
        destination: { address: '203.0.113.9', port: 9999 },
      }),
      { down: [chunk(0, 'x'.repeat(100), t0 + 20, 3000)] },
    ),
    source.add(makeFlow({ id: 6, source: { address: 'nowhere', port: 1 } })),
  ];
  const write = (name: string): string => {
    const file = path.join(dir, name);
    writeFileSync(file, Buffer.concat([...writePcapng(flows, source, 'Flowtap test')]));
    return file;
  };

  it('has no packet that it finds fault with, checksums and sequence numbers included', () => {
    const rows = tshark(write('faults'), ['frame.number', 'tcp.analysis.flags', '_ws.malformed', 'ip.checksum.status', 'tcp.checksum.status', 'udp.checksum.status'],
      '-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'); // prettier-ignore
    assert.ok(rows.length > 50);
    const faults = rows.filter(
      ([, analysis, malformed, ...checksums]) => analysis || malformed || checksums.includes('0'),
    );
    assert.deepEqual(faults, []);
  });
  it('keeps payload, times, names and comments', () => {
    const file = write('content');
    const http = tshark(file, ['http.request.uri', 'http.host', 'http.response.code'], '-Y', 'http');
    assert.deepEqual(http, [
      ['/a', 'api.example.com', ''],
      ['', '', '200'],
    ]);
    const [syn] = tshark(file, ['frame.time_epoch', 'frame.comment'], '-Y', 'tcp.srcport==40000 && tcp.flags.syn==1');
    assert.equal(Number(syn![0]), t0 / 1e6);
    assert.match(syn![1]!, /process: node \(42\).*host: api\.example\.com.*reason: eof/s);
    assert.deepEqual(tshark(file, ['dns.qry.name'], '-Y', 'dns && udp.dstport==53'), [['www.example.com']]);
    const times = tshark(file, ['frame.time_epoch']).map(([t]) => Number(t));
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });
  it('counts what was left out in the lengths of packets', () => {
    const up = tshark(write('lengths'), ['tcp.len', 'frame.cap_len'], '-Y', 'ipv6 && tcp.srcport==5000').map(
      ([length]) => Number(length),
    );
    assert.equal(
      up.reduce((a, b) => a + b, 0),
      200_000,
    );
    const down = tshark(
      write('lengths'),
      ['tcp.len', 'tcp.flags.reset', 'frame.cap_len'],
      '-Y',
      'ipv6 && tcp.srcport==443',
    );
    assert.equal(down.at(-1)![1], '1');
    assert.ok(down.every(([, , captured]) => Number(captured) === 60));
  });
  it('says that a datagram was cut', () => {
    assert.deepEqual(tshark(write('cut'), ['udp.length', 'frame.cap_len'], '-Y', 'udp.srcport==9999'), [
      ['3008', '128'],
    ]);
  });
  it('shows how each flow ended', () => {
    const file = write('ends');
    const flags = (port: number): string[] =>
      tshark(file, ['tcp.flags.str'], '-Y', `tcp.port==${port}`).map(([f]) => f!.replace(/[·.]/g, ''));
    assert.deepEqual(flags(40001), ['S', 'AR']);
    assert.equal(flags(40000).filter((f) => f.includes('F')).length, 2);
    assert.ok(!flags(40003).some((f) => /[FR]/.test(f)));
  });
});
