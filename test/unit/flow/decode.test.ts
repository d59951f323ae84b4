import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as pb from '../../../gen/flow_pb.ts';
import * as wire from '../../../src/flow/decode.ts';

const big = fc.oneof(fc.nat(300), fc.maxSafeNat());
const u32 = fc.nat(0xffffffff);
const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const endpoint = fc.record({ address: fc.uint8Array({ maxLength: 16 }), port: fc.nat(65535) }).map((e) => ({ ...e }));
const process = fc.constant(pb.Process.make({ pid: 7, name: 'curl', path: '/usr/bin/curl', arguments: ['a', 'b'] }));

const opened = fc.record<pb.FlowOpened>({
  id: u32,
  protocol: fc.constantFrom(0, 1, 2),
  process: fc.option(process, { nil: undefined }),
  source: fc.option(endpoint, { nil: undefined }),
  destination: fc.option(endpoint, { nil: undefined }),
  host: text,
  openedAt: big,
  inbound: fc.boolean(),
  capture: text,
  bytesUp: big,
  bytesDown: big,
  connectedAt: big,
  rule: text,
});
const data = fc.record<pb.FlowData>({
  id: u32,
  direction: fc.constantFrom(0, 1, 2),
  offset: big,
  bytes: fc.uint8Array({ maxLength: 300 }),
  at: big,
  length: u32,
});
const lost = fc.option(fc.record<pb.Lost>({ datagramsUp: big, datagramsDown: big, bytesUp: big, bytesDown: big }), {
  nil: undefined,
});
const counters = fc.record<pb.FlowCounters>({
  id: u32,
  bytesUp: big,
  bytesDown: big,
  connectedAt: big,
  eofUp: fc.boolean(),
  eofDown: fc.boolean(),
  datagramsUp: big,
  datagramsDown: big,
  lost,
});
const closed = fc.record<pb.FlowClosed>({
  id: u32,
  reason: fc.constantFrom(...Object.values(pb.CloseReason)),
  error: fc.integer(),
  errorText: text,
  closedAt: big,
  bytesUp: big,
  bytesDown: big,
  connectedAt: big,
  datagramsUp: big,
  datagramsDown: big,
  lost,
});

/** Of a flow that lost nothing, too. */
const inOne = ({ lost: l, ...rest }: pb.FlowClosed | pb.FlowCounters): object => ({
  ...rest,
  lostDatagramsUp: l?.datagramsUp ?? 0,
  lostDatagramsDown: l?.datagramsDown ?? 0,
  lostBytesUp: l?.bytesUp ?? 0,
  lostBytesDown: l?.bytesDown ?? 0,
});
const plain = <T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> => arbitrary.map((m) => ({ ...m }));

/** A message between other bytes, and now and then with a field that nobody knows yet. */
function framed(message: Uint8Array, unknown: boolean): { bytes: Uint8Array; reader: pb.Reader; end: number } {
  const extra = unknown
    ? pb.Writer.create()
        .uint32(900 * 8 + 2)
        .string('later')
        .uint32(901 * 8)
        .uint32(5)
        .finish()
    : [];
  const bytes = Uint8Array.from([9, 9, 9, ...message, ...extra, 8, 200, 200]);
  const reader = new pb.Reader(bytes);
  reader.pos = 3;
  return { bytes, reader, end: bytes.length - 3 };
}
const part = (bytes: Uint8Array, range: { start: number; end: number }): Uint8Array =>
  bytes.slice(range.start, range.end);
const utf8 = (bytes: Uint8Array, range: { start: number; end: number }): string =>
  Buffer.from(part(bytes, range)).toString();

describe('reading frames into records', () => {
  it('reads FlowOpened as the generated code does', () => {
    const into = wire.makeOpened();
    fc.assert(
      fc.property(plain(opened), fc.boolean(), (m, unknown) => {
        const { bytes, reader, end } = framed(pb.FlowOpened.encode(m).finish(), unknown);
        wire.readOpened(reader, end, into);
        assert.equal(reader.pos, end);
        const { process, sourceAddress, sourcePort, destinationAddress, destinationPort, ...rest } = into;
        assert.deepEqual(
          {
            ...rest,
            host: utf8(bytes, into.host),
            capture: utf8(bytes, into.capture),
            rule: utf8(bytes, into.rule),
            process: process.end ? pb.Process.decode(new pb.Reader(part(bytes, process))) : undefined,
            source: { address: part(bytes, sourceAddress), port: sourcePort },
            destination: { address: part(bytes, destinationAddress), port: destinationPort },
          },
          {
            ...m,
            source: m.source ?? { address: new Uint8Array(0), port: 0 },
            destination: m.destination ?? { address: new Uint8Array(0), port: 0 },
          },
        );
      }),
    );
  });

  it('reads FlowData as the generated code does', () => {
    const into = wire.makeData();
    fc.assert(
      fc.property(plain(data), fc.boolean(), (m, unknown) => {
        const { bytes, reader, end } = framed(pb.FlowData.encode(m).finish(), unknown);
        wire.readData(reader, end, into);
        assert.deepEqual({ ...into, bytes: part(bytes, into.bytes) }, m);
      }),
    );
  });

  it('reads FlowCounters as the generated code does', () => {
    const into = wire.makeCounters();
    fc.assert(
      fc.property(plain(counters), fc.boolean(), ({ eofUp, eofDown, ...m }, unknown) => {
        const message = pb.FlowCounters.encode({ eofUp, eofDown, ...m }).finish();
        const { reader, end } = framed(message, unknown);
        wire.readCounters(reader, end, into);
        const { eofUp: _, eofDown: __, ...told } = { eofUp, eofDown, ...inOne({ eofUp, eofDown, ...m }) };
        assert.deepEqual({ ...into, errorText: 0 }, { ...told, reason: 0, error: 0, closedAt: 0, errorText: 0 });
      }),
    );
  });

  it('reads FlowClosed as the generated code does', () => {
    const into = wire.makeCounters();
    fc.assert(
      fc.property(plain(closed), fc.boolean(), (m, unknown) => {
        const { bytes, reader, end } = framed(pb.FlowClosed.encode(m).finish(), unknown);
        wire.readClosed(reader, end, into);
        assert.deepEqual({ ...into, errorText: utf8(bytes, into.errorText) }, inOne(m));
      }),
    );
  });

  it('reads 64-bit numbers of every length', () => {
    for (let bits = 0; bits <= 53; bits++)
      for (const value of [2 ** bits - 1, Math.min(2 ** bits, Number.MAX_SAFE_INTEGER)]) {
        const reader = new pb.Reader(pb.Writer.create().uint64(value).finish());
        assert.equal(wire.uint53(reader), value);
        assert.equal(reader.pos, reader.len);
      }
    assert.equal(wire.uint53(new pb.Reader(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1))), 2 ** 64);
    assert.throws(() => wire.uint53(new pb.Reader(new Uint8Array(11).fill(255))), RangeError);
    assert.throws(() => wire.uint53(new pb.Reader(Uint8Array.of(255, 255))), RangeError);
  });

  it('either reads or throws an error, and never goes past the end, whatever arrives', () => {
    const readers = [
      (r: pb.Reader, end: number) => wire.readOpened(r, end, wire.makeOpened()),
      (r: pb.Reader, end: number) => wire.readData(r, end, wire.makeData()),
      (r: pb.Reader, end: number) => wire.readCounters(r, end, wire.makeCounters()),
      (r: pb.Reader, end: number) => wire.readClosed(r, end, wire.makeCounters()),
    ];
    const message = opened.map((m) => pb.FlowOpened.encode(m).finish());
    const damaged = fc.tuple(message, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
      const copy = Uint8Array.from(bytes);
      if (copy.length > 0) copy[at % copy.length] = value;
      return copy.subarray(0, at % 3 === 0 ? at % (copy.length + 1) : copy.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged), fc.constantFrom(...readers), (bytes, read) => {
        const reader = new pb.Reader(bytes);
        try {
          read(reader, bytes.length);
          assert.equal(reader.pos, bytes.length);
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
        }
        assert.ok(reader.pos <= bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});
