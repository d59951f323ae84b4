// Payload made to cost more than it is worth. What would be quadratic is large enough here to run into the test's limit.
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { decodeContent, maxDecodedBytes } from '../../../src/dissect/content.ts';
import { nodeCodecs } from '../../../src/node/contentCodecs.ts';
import { maxMessages, type Direction, type Message } from '../../../src/dissect/dissection.ts';
import { FlowDissection } from '../../../src/dissect/flowDissection.ts';
import { HpackDecoder } from '../../../src/dissect/hpack.ts';
import { dissectors } from '../../../src/dissect/registry.ts';
import { maxZstdWindow } from '../../../src/dissect/zstdFrames.ts';

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const begin = (port = 80, transport: 'tcp' | 'udp' = 'tcp') => new FlowDissection(dissectors, transport, port);
const feed = (d: FlowDissection, direction: Direction, bytes: Uint8Array, step = bytes.length): void => {
  for (let at = 0; at < bytes.length; at += step) d.data(direction, bytes.subarray(at, at + step), 1);
};
const repeat = (piece: Uint8Array, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => piece));
const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const preface = ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const exchanges = (d: FlowDissection): Extract<Message, { kind: 'http' }>[] =>
  d.messages.filter((m) => m.kind === 'http');

describe('hostile payload', () => {
  describe('HTTP/1', () => {
    it('a header of 100 MB ends at the limit, and says so', () => {
      const d = begin();
      feed(d, 'up', ascii('GET / HTTP/1.1\r\nHost: a\r\nX: '));
      const piece = Buffer.alloc(1 << 20, 0x78);
      for (let i = 0; i < 100; i++) feed(d, 'up', piece);
      assert.deepEqual(d.notes, ['A header block exceeds 256 KiB.']);
    });
    it('a header that comes byte by byte is looked through once', () => {
      const d = begin();
      feed(d, 'up', ascii(`GET /slow HTTP/1.1\r\nX: ${'y'.repeat(200_000)}\r\n\r\n`), 1);
      assert.equal(exchanges(d)[0]?.request?.headers[0]?.[1].length, 200_000);
    });
    it('a million small headers are cut at the limit', () => {
      const d = begin();
      feed(d, 'up', Buffer.concat([ascii('GET / HTTP/1.1\r\n'), repeat(ascii('a:b\r\n'), 1_000_000)]));
      assert.deepEqual(d.notes, ['A header block exceeds 256 KiB.']);
    });
    it('pipelined requests that nobody answers are not held without limit', () => {
      const d = begin();
      feed(d, 'up', repeat(ascii('GET / HTTP/1.1\r\n\r\n'), 5000));
      assert.equal(d.messages.length, maxMessages);
      assert.match(d.notes.join(), /More than 1000 requests wait for an answer/);
    });
    it('pipelined requests that are answered are counted without limit', () => {
      const d = begin();
      for (let i = 0; i < 5000; i++) {
        feed(d, 'up', ascii('GET / HTTP/1.1\r\n\r\n'));
        feed(d, 'down', ascii('HTTP/1.1 204 x\r\n\r\n'));
      }
      assert.equal(d.application.summary, 'GET / 204 (5000 requests)');
      assert.equal(d.messages.length, maxMessages);
    });
    it('a body in chunks of one byte is one run of bytes', () => {
      const d = begin();
      feed(d, 'up', ascii('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'));
      feed(d, 'up', Buffer.concat([repeat(ascii('1\r\nx\r\n'), 300_000), ascii('0\r\n\r\n')]));
      const body = exchanges(d)[0]?.request?.body;
      assert.deepEqual([body?.length, body?.bytes.length, body?.truncated], [300_000, 300_000, false]);
    });
  });

  describe('HTTP/2', () => {
    const h2 = (): FlowDissection => {
      const d = begin();
      feed(d, 'up', preface);
      return d;
    };
    it('trailers without end are cut at the limit', () => {
      const d = h2();
      feed(d, 'up', repeat(frame(1, 4, 1, Uint8Array.of(0x82, 0x84, 0x86)), 100_000));
      const [message] = exchanges(d);
      assert.equal(message?.request?.method, 'GET');
      assert.equal(message?.request?.trailers.length, 1000);
    });
    it('a header list of thousands of fields is cut, and costs nothing with each frame that follows', () => {
      const d = h2();
      feed(d, 'up', frame(1, 4, 1, new Uint8Array(4000).fill(0x90))); // accept-encoding, again and again
      feed(d, 'up', repeat(frame(0, 0, 1, new Uint8Array(0)), 200_000));
      assert.equal(exchanges(d)[0]?.request?.headers.length, 1000);
    });
    it('CONTINUATION frames without end are cut at the limit', () => {
      const d = h2();
      feed(d, 'up', frame(1, 0, 1, new Uint8Array(0)));
      for (let i = 0; i < 40; i++) feed(d, 'up', frame(9, 0, 1, new Uint8Array(16_384)));
      assert.deepEqual(d.notes, ['A frame is malformed; what follows cannot be read.']);
    });
    it('GOAWAY frames without end give a few notes', () => {
      const d = h2();
      for (let i = 1; i < 1000; i++) feed(d, 'up', frame(7, 0, 0, Uint8Array.of(0, 0, 0, 0, 0, 0, i >> 8, i & 255)));
      assert.ok(d.notes.length <= 20);
    });
    it('a request ends when it ended, not when its answer did', () => {
      const d = h2();
      d.data('up', frame(1, 5, 1, Uint8Array.of(0x82, 0x84, 0x86)), 1000);
      d.data('down', frame(1, 4, 1, Uint8Array.of(0x88)), 3000);
      d.data('down', frame(0, 1, 1, ascii('body')), 5000);
      const [message] = exchanges(d);
      assert.deepEqual([message?.request?.endedAt, message?.response?.startedAt, message?.response?.endedAt], [1000, 3000, 5000]); // prettier-ignore
    });
    it('a status that is no number is none', () => {
      const d = h2();
      feed(d, 'down', frame(1, 4, 1, Buffer.concat([Uint8Array.of(0x08, 3), ascii('2x0')])));
      assert.equal(exchanges(d)[0]?.response?.status, 0);
    });
  });

  describe('HPACK', () => {
    it('a table of 30,000 entries costs no more than a small one', () => {
      const decoder = new HpackDecoder();
      decoder.allow(1 << 20);
      assert.ok(decoder.decode(Uint8Array.of(0x3f, 0xe1, 0xff, 0x3f))); // the table may hold 1 MiB
      const block = repeat(Uint8Array.of(0x40, 1, 0x61, 0), 7000);
      for (let i = 0; i < 100; i++) assert.equal(decoder.decode(block)?.length, 7000);
    });
    it('evicts the oldest entry and numbers them from the newest', () => {
      const decoder = new HpackDecoder();
      const add = (name: string): Buffer =>
        Buffer.concat([Uint8Array.of(0x40, 1), ascii(name), Uint8Array.of(1, 0x76)]);
      assert.ok(decoder.decode(Uint8Array.of(0x3f, 0x25))); // 68 bytes: two entries of 34
      decoder.decode(Buffer.concat([add('a'), add('b'), add('c')]));
      assert.deepEqual(decoder.decode(Uint8Array.of(0xbe, 0xbf)), [['c', 'v'], ['b', 'v']]); // prettier-ignore
      assert.equal(decoder.decode(Uint8Array.of(0xc0)), undefined);
    });
    it('integers of more than 32 bits and indices outside the tables are refused', () => {
      for (const block of [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x80], [0xfe], [0x3f, 0xff, 0xff, 0xff, 0x7f]])
        assert.equal(new HpackDecoder().decode(Uint8Array.from(block)), undefined);
    });
  });

  it('WebSocket: a message in fragments of one byte is one run of bytes; empty ones cost nothing', () => {
    const d = begin();
    feed(d, 'up', ascii('GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'));
    feed(d, 'down', ascii('HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'));
    feed(d, 'down', Buffer.concat([Uint8Array.of(1, 1, 0x61), repeat(Uint8Array.of(0, 0), 300_000), repeat(Uint8Array.of(0, 1, 0x62), 300_000), Uint8Array.of(0x80, 0)])); // prettier-ignore
    const [message] = d.messages.filter((m) => m.kind === 'frame');
    assert.deepEqual([message?.type, message?.body.length, message?.text?.slice(0, 3)], ['text', 300_001, 'abb']);
  });

  describe('TLS', () => {
    const record = (bytes: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(22, 3, 3, bytes.length >> 8, bytes.length & 255), bytes]); // prettier-ignore
    const hello = Buffer.concat([Uint8Array.of(2, 0, 0, 38, 3, 3), Buffer.alloc(32, 7), Uint8Array.of(0, 0x13, 1, 0)]);
    it('ServerHellos without end are one', () => {
      const d = begin(443);
      for (let i = 0; i < 3000; i++) feed(d, 'down', record(hello));
      assert.equal(d.messages.length, 1);
    });
    it('malformed hellos without end give one note', () => {
      const d = begin(443);
      for (let i = 0; i < 3000; i++) feed(d, 'up', record(Uint8Array.of(1, 0, 0, 1, 0)));
      assert.deepEqual(d.notes, ['The ClientHello is malformed.']);
    });
    it('a handshake message in records of one byte is put together without copying it each time', () => {
      const d = begin(443);
      feed(d, 'up', record(Uint8Array.of(1, 0, 0xff, 0xff, 3, 3)));
      const piece = repeat(record(Uint8Array.of(0)), 1000);
      for (let i = 0; i < 66; i++) feed(d, 'up', piece);
      assert.deepEqual(d.notes, []);
      assert.equal(d.messages[0]?.kind === 'handshake' && d.messages[0].title, 'ClientHello');
    });
  });

  describe('DNS', () => {
    const name = Buffer.concat([...Array.from({ length: 3 }, () => Buffer.concat([Uint8Array.of(63), Buffer.alloc(63, 0)])), Uint8Array.of(0)]); // prettier-ignore
    const question = Buffer.concat([name, Uint8Array.of(0, 1, 0, 1)]);
    const head = (questions: number, answers: number): Buffer => Buffer.from([0, 1, 0x81, 0x80, questions >> 8, questions & 255, answers >> 8, answers & 255, 0, 0, 0, 0]); // prettier-ignore
    it('names that point to one long name are cut at the limit', () => {
      const answer = Uint8Array.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4);
      const message = Buffer.concat([head(1, 500), question, repeat(answer, 500)]);
      const d = begin(53, 'udp');
      for (let i = 0; i < 900; i++) feed(d, 'down', message);
      let text = 0;
      for (const m of d.messages) if (m.kind === 'dns') for (const a of m.dns.answers) text += a.name.length;
      assert.ok(d.messages.length > 10 && text <= 5 << 20, `${d.messages.length} messages, ${text} characters`);
      assert.match(d.notes.join(), /^Only the first \d+ messages are shown\.$/);
    });
    it('a name that points to itself, and questions without end, are cut short', () => {
      const d = begin(53, 'tcp');
      const loop = Buffer.concat([head(1, 1), question, Uint8Array.of(0xc0, 209, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0)]);
      feed(d, 'down', Buffer.concat([Uint8Array.of(loop.length >> 8, loop.length & 255), loop]), 1);
      const [message] = d.messages;
      assert.ok(message?.kind === 'dns' && message.dns.truncated && message.dns.answers.length === 0);
    });
  });

  it('QUIC: a datagram of a thousand packets with wrong keys is given up soon', () => {
    const one = Buffer.concat([Uint8Array.of(0xc3, 0, 0, 0, 1, 8), Buffer.alloc(8, 1), Uint8Array.of(0, 0, 20), Buffer.alloc(20)]); // prettier-ignore
    const d = begin(443, 'udp');
    for (let i = 0; i < 200; i++) feed(d, 'up', repeat(one, 1000));
    assert.equal(d.application.protocol, 'quic');
    assert.equal(d.messages.length, 0);
  });

  it('recognition does not join the start anew for every byte', () => {
    const d = begin(53);
    feed(d, 'up', Buffer.concat([Uint8Array.of(0xff, 0xff, 0, 1, 1, 0, 0, 1), Buffer.alloc(20_000)]), 1);
    assert.equal(d.hopeless, true);
  });

  describe('content codings', () => {
    const content = (bytes: Uint8Array, contentEncoding: string) =>
      decodeContent({ bytes, length: bytes.length, truncated: false, contentEncoding, contentType: '' });
    it('bombs are cut at the limit', () => {
      const zeros = Buffer.alloc(48 << 20);
      for (const [coding, pack] of [['gzip', zlib.gzipSync], ['deflate', zlib.deflateSync], ['deflate', zlib.deflateRawSync]] as const) {
        const { bytes, truncated } = content(pack(zeros), coding);
        assert.deepEqual([bytes.length, truncated], [maxDecodedBytes, true], coding);
      }
    }); // prettier-ignore
    it('a Zstandard frame that asks for a large window is refused, behind other frames too', () => {
      const asks = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0); // 2 GiB of window, one empty block
      const honest = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, 0x11, 0, 0, 0x68, 0x69); // "hi"
      const skipped = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);
      assert.equal(Buffer.from(content(honest, 'zstd').bytes).toString(), 'hi');
      for (const bytes of [asks, Buffer.concat([honest, asks]), Buffer.concat([skipped, asks])])
        assert.match(content(bytes, 'zstd').problem ?? '', new RegExp(`over the limit of ${maxZstdWindow}`));
    });
    it('a Zstandard frame of empty blocks, each of which moves its window, is refused', () => {
      const blocks = Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3), Buffer.alloc(3 * 300_000), Uint8Array.of(1, 0, 0)]); // prettier-ignore
      assert.match(content(blocks, 'zstd').problem ?? '', /too many blocks/);
    });
    it('bombs end as bombs in the codings of Node too', () => {
      const zeros = Buffer.alloc(64 << 20);
      for (const [coding, pack] of [['br', zlib.brotliCompressSync], ['zstd', zlib.zstdCompressSync]] as const) {
        const body = { bytes: pack(zeros), length: 1, truncated: false, contentEncoding: coding, contentType: '' };
        const { bytes, truncated, problem } = decodeContent(body, nodeCodecs);
        assert.deepEqual([bytes.length, truncated], [0, true]);
        assert.match(problem ?? '', /it unfolds to more than 8 MiB/);
      }
    }); // prettier-ignore
    it('codings one on another without end are not undone', () => {
      const packed = zlib.gzipSync(zlib.gzipSync('x'));
      assert.equal(Buffer.from(content(packed, 'gzip, gzip').bytes).toString(), 'x');
      assert.match(content(packed, Array.from({ length: 50_000 }, () => 'gzip').join()).problem ?? '', /More than 4/);
    });
  });
});
