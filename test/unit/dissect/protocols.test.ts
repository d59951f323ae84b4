import assert from 'node:assert/strict';
import http2Module from 'node:http2';
import net from 'node:net';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { nodeCodecs } from '../../../src/node/contentCodecs.ts';
import { decodeContent as decode, maxDecodedBytes, type Content } from '../../../src/dissect/content.ts';
import type { Direction } from '../../../src/dissect/dissection.ts';
import { parseDns } from '../../../src/dissect/dnsMessage.ts';
import { FlowDissection } from '../../../src/dissect/flowDissection.ts';
import { decodeHuffman } from '../../../src/dissect/hpack.ts';
import { dissectors } from '../../../src/dissect/registry.ts';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const flow = (transport: 'tcp' | 'udp', port: number): FlowDissection =>
  new FlowDissection(dissectors, transport, port);
type Said = readonly (readonly [Direction, Uint8Array])[];
function fed(transport: 'tcp' | 'udp', port: number, said: Said): FlowDissection {
  const d = flow(transport, port);
  for (const [direction, bytes] of said) d.data(direction, bytes, 1);
  return d;
}
/** Records what passes between a client and a server on loopback. */
async function relay(port: number, use: (port: number) => Promise<void>): Promise<[Direction, Uint8Array][]> {
  const said: [Direction, Uint8Array][] = [];
  const server = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1');
    client.on('data', (b: Buffer) => (said.push(['up', new Uint8Array(b)]), upstream.write(b)));
    upstream.on('data', (b: Buffer) => (said.push(['down', new Uint8Array(b)]), client.write(b)));
    for (const [a, b] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      a.on('error', () => b.destroy()).on('close', () => b.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  await use((server.address() as net.AddressInfo).port);
  await new Promise((done) => server.close(done));
  return said;
}

describe('DNS', () => {
  // A query and its answer with a compressed name, after RFC 1035 section 4.1.4.
  const query = fromHex('abcd 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 03 636f6d 00 0001 0001');
  const answer = fromHex(
    'abcd 8180 0001 0002 0000 0000 03 777777 07 6578616d706c65 03 636f6d 00 0001 0001 c00c 0005 0001 00000e10 0006 03 636e61 c010 c02d 0001 0001 0000003c 0004 5db8d822',
  );

  it('reads a question and its answers', () => {
    const d = fed('udp', 53, [
      ['up', query],
      ['down', answer],
    ]);
    assert.deepEqual(d.application, {
      protocol: 'dns',
      summary: 'A www.example.com 93.184.216.34',
      host: 'www.example.com',
    });
    const message = d.messages[1];
    assert.ok(message?.kind === 'dns');
    assert.deepEqual(message.dns.answers[0], {
      name: 'www.example.com',
      type: 'CNAME',
      ttl: 3600,
      data: 'cna.example.com',
    });
  });
  it('reads it over TCP in any segments', () => {
    const framed = Uint8Array.of(0, query.length, ...query);
    const d = flow('tcp', 53);
    for (const b of framed) d.data('up', Uint8Array.of(b), 1);
    assert.equal(d.application.summary, 'A www.example.com');
  });
  it('calls NXDOMAIN a failure', () => {
    const failed = answer.slice(0, 33);
    failed[3] = 0x83;
    failed[7] = 0;
    const d = fed('udp', 53, [
      ['up', query],
      ['down', failed],
    ]);
    assert.equal(d.application.summary, 'A www.example.com NXDOMAIN');
    assert.equal(d.application.failed, true);
  });
  it('is not led in circles by compression pointers', () => {
    assert.equal(parseDns(fromHex('abcd 0100 0001 0000 0000 0000 c00c 0001 0001'))?.questions.length, 0);
  });
  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        (tail) => void parseDns(Uint8Array.of(...answer.subarray(0, 12), ...tail)),
      ),
    );
  });
});

describe('HTTP/2', () => {
  it('decodes the Huffman example of RFC 7541 C.4.1 and refuses a code that does not exist', () => {
    assert.equal(Buffer.from(decodeHuffman(fromHex('f1e3c2e5f23a6ba0ab90f4ff'))!).toString(), 'www.example.com');
    assert.equal(decodeHuffman(fromHex('ffffffff')), undefined);
  });

  it('reads what a real client and server say', async () => {
    const server = http2Module.createServer();
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      let size = 0;
      stream
        .on('data', (b: Buffer) => (size += b.length))
        .on('end', () => {
          stream.respond({
            ':status': headers[':path'] === '/missing' ? 404 : 200,
            'content-type': 'text/plain',
            'x-size': String(size),
          });
          stream.end('x'.repeat(40_000));
        });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const said = await relay((server.address() as net.AddressInfo).port, async (port) => {
      const client = http2Module.connect(`http://127.0.0.1:${port}`);
      for (const [path, body] of [
        ['/one', 'hello'],
        ['/missing', ''],
        ['/one', 'z'.repeat(30_000)],
      ] as const)
        await new Promise<void>((done) => {
          const request = client.request({
            ':path': path,
            ':method': 'POST',
            'user-agent': 'test',
            'x-long': 'v'.repeat(200),
          });
          request.on('end', done).resume();
          request.end(body);
        });
      await new Promise<void>((done) => client.close(done));
    });
    server.close();
    const d = fed('tcp', 80, said);
    const http = d.messages.filter((m) => m.kind === 'http');
    assert.deepEqual(
      http.map((m) => [
        m.request?.method,
        m.request?.target,
        m.response?.status,
        m.request?.body.length,
        m.response?.body.length,
      ]),
      [
        ['POST', '/one', 200, 5, 40_000],
        ['POST', '/missing', 404, 0, 40_000],
        ['POST', '/one', 200, 30_000, 40_000],
      ],
    );
    assert.ok(http.every((m) => m.request?.complete && m.response?.complete));
    assert.equal(http[2]!.request!.headers.find(([n]) => n === 'x-long')![1].length, 200);
    assert.match(d.application.summary, /^POST \/one 200 \(3 requests\)$/);
    assert.deepEqual(d.notes, []);

    // The same, byte by byte, and with the bodies cut out: streams stay in step.
    const bytewise = flow('tcp', 80);
    for (const [direction, bytes] of said) for (const b of bytes) bytewise.data(direction, Uint8Array.of(b), 1);
    assert.deepEqual(bytewise.application, d.application);
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, value) => {
        const damaged = flow('tcp', 80);
        for (const [direction, bytes] of said) {
          const copy = bytes.slice(0, 600);
          copy[at % copy.length] = value;
          damaged.data(direction, copy, 1);
          damaged.gap(direction, bytes.length - copy.length, 1);
        }
        assert.ok(
          damaged.notes.every((n) => !n.includes('dissector failed')),
          damaged.notes.join(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('tells gRPC messages apart', () => {
    const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array =>
      Uint8Array.of(0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, stream, ...payload);
    const literal = (name: string, value: string): number[] => [
      0,
      name.length,
      ...ascii(name),
      value.length,
      ...ascii(value),
    ];
    const head = Uint8Array.of(
      ...literal(':method', 'POST'),
      ...literal(':path', '/pkg.S/Get'),
      ...literal(':authority', 'rpc.example'),
      ...literal('content-type', 'application/grpc'),
    );
    const trailer = Uint8Array.of(...literal('grpc-status', '5'));
    const d = fed('tcp', 80, [
      ['up', ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
      ['up', frame(1, 4, 1, head)],
      ['up', frame(0, 1, 1, Uint8Array.of(0, 0, 0, 0, 2, 8, 1))],
      [
        'down',
        frame(1, 4, 1, Uint8Array.of(...literal(':status', '200'), ...literal('content-type', 'application/grpc'))),
      ],
      ['down', frame(1, 5, 1, trailer)],
    ]);
    assert.deepEqual(d.application, {
      protocol: 'grpc',
      summary: 'POST /pkg.S/Get grpc-status 5',
      host: 'rpc.example',
      method: 'POST',
      status: 5,
      failed: true,
    });
    assert.deepEqual(
      d.messages.filter((m) => m.kind === 'frame').map((m) => [...m.body.bytes]),
      [[8, 1]],
    );
  });
});

describe('WebSocket, SOCKS5, SSH and tunnels', () => {
  const upgrade: Said = [
    ['up', ascii('GET /chat HTTP/1.1\r\nHost: ws.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')],
    ['down', ascii('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')],
  ];
  const masked = (first: number, text: string): Uint8Array =>
    Uint8Array.of(first, 0x80 | text.length, 1, 2, 3, 4, ...ascii(text).map((b, i) => b ^ [1, 2, 3, 4][i & 3]!));

  it('follows an upgrade and puts fragments together', () => {
    const d = fed('tcp', 80, [
      ...upgrade,
      ['up', masked(0x01, 'hel')],
      ['up', masked(0x89, 'p')],
      ['up', masked(0x80, 'lo')],
      ['down', Uint8Array.of(0x82, 2, 7, 8, 0x88, 2, 3, 0xe8)],
    ]);
    const frames = d.messages.filter((m) => m.kind === 'frame');
    assert.deepEqual(
      frames.map((f) => [f.direction, f.type, f.text ?? [...f.body.bytes]]),
      [
        ['up', 'ping', [112]],
        ['up', 'text', 'hello'],
        ['down', 'binary', [7, 8]],
        ['down', 'close', '1000'],
      ],
    );
    assert.deepEqual(d.application, { protocol: 'websocket', summary: '4 messages', host: 'ws.example' });
  });
  it('shows what SOCKS5 and CONNECT tunnels carry', () => {
    const request = ascii('GET /in HTTP/1.1\r\nHost: inner.example\r\n\r\n');
    const socks = fed('tcp', 1080, [
      ['up', Uint8Array.of(5, 1, 0)],
      ['down', Uint8Array.of(5, 0)],
      ['up', Uint8Array.of(5, 1, 0, 3, 9, ...ascii('a.example'), 0, 80)],
      ['down', Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80)],
      ['up', request],
    ]);
    assert.equal(socks.application.summary, 'GET /in');
    const connect = fed('tcp', 3128, [
      ['up', ascii('CONNECT inner.example:80 HTTP/1.1\r\nHost: inner.example:80\r\n\r\n')],
      ['down', ascii('HTTP/1.1 200 Connection established\r\n\r\n')],
      ['up', request],
    ]);
    assert.equal(connect.application.summary, 'GET /in');
    const refused = fed('tcp', 1080, [
      ['up', Uint8Array.of(5, 1, 0)],
      ['down', Uint8Array.of(5, 0)],
      ['up', Uint8Array.of(5, 1, 0, 1, 10, 0, 0, 1, 0, 80)],
      ['down', Uint8Array.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)],
    ]);
    assert.equal(refused.application.summary, 'CONNECT 10.0.0.1:80 connection refused');
  });
  it('reads SSH identifications', () => {
    const d = fed('tcp', 22, [
      ['down', ascii('SSH-2.0-OpenSSH_9.2p1\r\n')],
      ['up', ascii('SSH-2.0-libssh_0.10\r\n')],
    ]);
    assert.equal(d.application.summary, 'OpenSSH_9.2p1 / libssh_0.10');
  });
  it('leaves what it does not know alone', () => {
    const d = fed('tcp', 9999, [['up', ascii('\x00\x01\x02 something else entirely')]]);
    assert.equal(d.application.protocol, '');
    assert.ok(d.hopeless);
  });
  it('never throws whatever arrives', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.constantFrom(...upgrade.map(([, b]) => b), masked(1, 'abc'), Uint8Array.of(5, 1, 0), Uint8Array.of(5, 0)),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('tcp' as const, 'udp' as const),
        fc.array(fc.tuple(fc.constantFrom<Direction>('up', 'down'), fc.oneof(anything, fc.nat(100))), {
          maxLength: 25,
        }),
        (transport, events) => {
          const d = flow(transport, 80);
          for (const [direction, e] of events)
            if (typeof e === 'number') d.gap(direction, e, 1);
            else d.data(direction, e, 1);
          d.end('up', 1);
          assert.ok(
            d.notes.every((n) => !n.includes('dissector failed')),
            d.notes.join(),
          );
          void [d.application, d.messages];
        },
      ),
    );
  });
});

describe('QUIC', () => {
  it('opens an Initial packet made by the rules of RFC 9001', async () => {
    const { sealInitial } = await import('../../support/quic-initial.ts');
    for (const version of [1, 0x6b3343cf]) {
      const d = fed('udp', 443, [['up', sealInitial(version, 'quic.example', 'h3')]]);
      assert.equal(d.application.host, 'quic.example');
      assert.match(d.application.summary, /^QUIC [12] h3 quic\.example$/);
    }
  });
  it('stays silent on an Initial that was cut short or damaged', async () => {
    const { sealInitial } = await import('../../support/quic-initial.ts');
    const packet = sealInitial(1, 'quic.example', 'h3');
    assert.equal(fed('udp', 443, [['up', packet.subarray(0, 800)]]).application.protocol, '');
    packet[600]! ^= 1;
    assert.equal(fed('udp', 443, [['up', packet]]).application.host, undefined);
  });
});

describe('content coding', () => {
  const decodeContent = (b: Parameters<typeof decode>[0]): Content => decode(b, nodeCodecs);
  const body = (bytes: Uint8Array, contentEncoding: string, truncated = false) => ({
    bytes,
    length: bytes.length,
    truncated,
    contentEncoding,
    contentType: '',
  });
  const text = Buffer.from('flow '.repeat(5000));
  const coded: Record<string, (b: Buffer) => Buffer> = {
    gzip: (b) => zlib.gzipSync(b),
    deflate: (b) => zlib.deflateSync(b),
    'deflate ': (b) => zlib.deflateRawSync(b),
    br: (b) => zlib.brotliCompressSync(b),
    zstd: (b) => zlib.zstdCompressSync(b),
    'gzip, br': (b) => zlib.brotliCompressSync(zlib.gzipSync(b)),
  };
  for (const [coding, encode] of Object.entries(coded))
    it(`undoes ${coding}`, () => {
      const content = decodeContent(body(new Uint8Array(encode(text)), coding));
      assert.equal(content.problem, undefined);
      assert.ok(Buffer.from(content.bytes).equals(text));
    });
  it('gives what there is of a cut body', () => {
    const whole = zlib.gzipSync(Buffer.from(Array.from({ length: 20_000 }, (_, i) => String(i * 7919)).join()));
    const content = decodeContent(body(new Uint8Array(whole.subarray(0, 40_000)), 'gzip', true));
    assert.equal(content.problem, undefined);
    assert.ok(content.truncated && content.bytes.length > 1000);
  });
  it('names damage and unknown codings', () => {
    assert.match(decodeContent(body(ascii('not gzip at all'), 'gzip')).problem!, /damaged/);
    for (const coding of ['sdch', '__proto__', 'constructor'])
      assert.match(decodeContent(body(ascii('x'), coding)).problem!, /cannot be undone/);
  });
  it('stops compression bombs', () => {
    const bomb = Buffer.alloc(64 << 20);
    for (const [coding, packed] of [
      ['gzip', zlib.gzipSync(bomb)],
      ['zstd', zlib.zstdCompressSync(bomb)],
      ['br', zlib.brotliCompressSync(bomb, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ] as const) {
      const content = decodeContent(body(new Uint8Array(packed), coding));
      assert.ok(content.bytes.length <= maxDecodedBytes);
      assert.ok(content.truncated || content.problem, coding);
    }
  });
});
