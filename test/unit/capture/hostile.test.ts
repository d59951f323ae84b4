// Capture files that are damaged or made to do harm: what comes before stays good, and the error says where it is.
import assert from 'node:assert/strict';
import { CaptureLoad } from '../../../src/capture/load.ts';
import { parseComment } from '../../../src/capture/comment.ts';
import { exportFormats } from '../../../src/capture/export.ts';
import { CaptureError, CaptureReader, type CapturedPacket } from '../../../src/capture/reader.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { Words, block, interfaceBlock, packetBlock, packets, pcap, section } from '../../support/fuzz/captures.ts';

const [syn, ...rest] = packets() as [Uint8Array, ...Uint8Array[]];

function read(bytes: Uint8Array, size = 4096): { packets: CapturedPacket[]; error: string } {
  const read: CapturedPacket[] = [];
  const reader = new CaptureReader({ packet: (p) => read.push({ ...p, bytes: p.bytes.slice() }) });
  try {
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
    return { packets: read, error: '' };
  } catch (error) {
    assert.ok(error instanceof CaptureError);
    return { packets: read, error: error.message };
  }
}
function load(bytes: Uint8Array): { store: FlowStore; error: string } {
  const store = new FlowStore({}, { schedule: () => {}, now: () => 5e15 });
  const reading = new CaptureLoad(store, { bodyLimit: 1 << 20 });
  for (let at = 0; at < bytes.length && reading.push(bytes.subarray(at, at + 65_536)); at += 65_536);
  return { store, error: reading.end().error?.message ?? '' };
}
const start = Buffer.concat([section(true), interfaceBlock(true)]);
const good = packetBlock(true, syn);
const words = (...values: number[]): Uint8Array => Uint8Array.from(new Words(true).put(4, ...values).bytes);

describe('hostile captures', () => {
  const lengths: [string, Uint8Array, RegExp][] = [
    ['a length of 0', words(6, 0, 0), /impossible length 0 \(at byte \d+\)/],
    ['a length of 11', words(6, 11, 0), /impossible length 11/],
    ['a length that is no multiple of 4', words(6, 34, 0), /impossible length 34/],
    ['a length of 2 GiB', words(6, 0x80000000, 0), /impossible length 2147483648/],
    ['a length of 4 GiB less one word', words(6, 0xfffffffc, 0), /impossible length 4294967292/],
    ['two lengths that differ', words(5, 16, 0, 20), /two lengths differ/],
    ['a packet that is longer than its block', block(true, 6, new Words(true).put(4, 0, 0, 0, 4000, 4000)), /shorter than what it holds/],
    ['a packet of 4 GiB', block(true, 6, new Words(true).put(4, 0, 0, 0, 0xffffffff, 0xffffffff)), /shorter than what it holds/],
    ['a packet of an interface that is not there', packetBlock(true, syn, 1, '', 3), /interface 3, which was not described/],
    ['a section without its byte-order mark', words(0x0a0d0d0a, 28, 0x11223344, 0, 0, 0, 28), /without its byte-order mark/],
  ]; // prettier-ignore
  for (const [what, damage, message] of lengths)
    it(`${what} ends the reading behind what is good`, () => {
      for (const size of [1, 7, 4096]) {
        const got = read(Buffer.concat([start, good, damage, good]), size);
        assert.match(got.error, message);
        assert.equal(got.packets.length, 1);
      }
    });
  it('a block in the byte order of another section is refused, not misread', () => {
    assert.match(read(Buffer.concat([start, good, packetBlock(false, syn)])).error, /impossible length/);
  });
  it('sections of either byte order in one file are read', () => {
    for (const little of [true, false]) {
      const other = Buffer.concat([section(!little), interfaceBlock(!little), packetBlock(!little, syn, 2000)]);
      const got = read(Buffer.concat([section(little), interfaceBlock(little), packetBlock(little, syn, 1000), other]));
      assert.deepEqual([got.error, got.packets.map((p) => p.at)], ['', [1000, 2000]]);
    }
  });
  it('pcap of either byte order is the same', () => {
    const times = [true, false].map((little) => read(pcap(little, 0xa1b2c3d4)).packets.map((p) => [p.at, p.bytes.length])); // prettier-ignore
    assert.deepEqual(times[0], times[1]);
    assert.equal(times[0]!.length, packets().length);
  });
  it('a pcap packet that claims 1 GB ends the reading behind what is good', () => {
    const got = read(Buffer.concat([pcap(true, 0xa1b2c3d4), words(1, 1, 1e9, 1e9)]));
    assert.match(got.error, /A packet claims 1000000000 bytes/);
    assert.equal(got.packets.length, packets().length);
  });

  it('options without end, too long, and of 60 KB each are passed over', () => {
    const huge = new Words(true).put(4, 0, 0, 5, syn.length, syn.length).raw(syn).align();
    for (let i = 0; i < 200; i++) huge.put(2, 2988, 60_000).raw(new Uint8Array(60_000));
    huge.put(2, 2, 0xffff).put(4, 0); // longer than the block
    const got = read(Buffer.concat([start, block(true, 6, huge), good]));
    assert.deepEqual([got.error, got.packets.length], ['', 2]);
  });
  it('a comment made to take long does not', () => {
    const evil = `process: x (1)\nreason: ${' ('.repeat(30_000)}\r x\n`;
    assert.equal(parseComment(evil)?.pid, 1);
    assert.equal(parseComment(`process: ${' (1'.repeat(20_000)}`), undefined);
    const { store } = load(Buffer.concat([start, packetBlock(true, syn, 1000, evil.slice(0, 60_000))]));
    assert.equal(store.size, 1);
  });
  it('10,000 interfaces, each with its own clock, are kept apart', () => {
    const interfaces = Array.from({ length: 10_000 }, (_, i) => interfaceBlock(true, i % 2 ? 9 : 6));
    const got = read(Buffer.concat([section(true), ...interfaces, packetBlock(true, syn, 5e9, '', 9999), packetBlock(true, syn, 5e6, '', 9998)])); // prettier-ignore
    assert.deepEqual(got.packets.map((p) => p.at), [5e6, 5e6]); // prettier-ignore
  });
  it('interfaces without end are cut at the limit', () => {
    const piece = Buffer.concat(Array.from({ length: 1000 }, () => interfaceBlock(true)));
    assert.match(read(Buffer.concat([section(true), ...Array.from({ length: 66 }, () => piece)]), 65_536).error, /More than 65536 interfaces/); // prettier-ignore
  });

  describe('times', () => {
    it('of zero are the first microsecond, and a flow of them has no length', () => {
      const simple = (p: Uint8Array): Uint8Array => block(true, 3, new Words(true).put(4, p.length).raw(p));
      for (const write of [(p: Uint8Array) => packetBlock(true, p, 0), simple]) {
        const { store, error } = load(Buffer.concat([start, ...[syn, ...rest].map(write)]));
        assert.equal(error, '');
        const flow = store.flow(1)!;
        assert.deepEqual([flow.openedAt, flow.closedAt, flow.state], [1, 1, 'closed']);
      }
    });
    it('of any resolution and value are within what can be written', () => {
      for (const resolution of [0, 6, 9, 0x7f, 0x80, 0x8a, 0xff]) {
        const all = [0, 1, 2 ** 32, 2 ** 63, 2 ** 64 - 2048].map((at) => packetBlock(true, syn, at));
        const file = Buffer.concat([section(true), interfaceBlock(true, resolution), ...all]);
        for (const p of read(file).packets) assert.ok(p.at >= 1 && Number.isSafeInteger(Math.floor(p.at)), `${p.at}`);
        const { store } = load(file);
        const flows = Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!);
        for (const format of exportFormats) assert.ok([...format.write(flows, store, { creator: { name: 'x', version: '1' } })].length > 0); // prettier-ignore
      }
    });
    it('before 1970 are the first microsecond', () => {
      const offset = new Words(true).put(2, 101, 0).put(4, 0).put(2, 14, 8).put(4, 0, 0xffffffff).put(2, 0, 0);
      assert.deepEqual(read(Buffer.concat([section(true), block(true, 1, offset), good])).packets.map((p) => p.at), [1]); // prettier-ignore
    });
  });

  it('of empty and tiny packets of every link type give no flow and no error', () => {
    for (const type of [0, 1, 12, 101, 108, 113, 228, 276, 147])
      for (let length = 0; length < 45; length++) {
        const { store, error } = load(pcap(true, 0xa1b2c3d4, type, [new Uint8Array(length), syn.slice(0, length)]));
        assert.deepEqual([store.size <= 1, error], [true, '']);
      }
  });
});
