import assert from 'node:assert/strict';
import { BytesOut } from '../../../src/capture/bytesOut.ts';
import { intoStore } from '../../../src/capture/load.ts';
import { TcpFlag, writeTcp, writeUdp, type Side } from '../../../src/capture/packets.ts';
import type { CapturedPacket } from '../../../src/capture/reader.ts';
import { Replay } from '../../../src/capture/replay.ts';
import { HeldBudget, TcpStream } from '../../../src/capture/tcpStream.ts';
import { FlowStore } from '../../../src/flow/store.ts';

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const end = (last: number, port: number): Side => ({ address: Uint8Array.of(10, 0, 0, last), port });
const [client, server] = [end(1, 4000), end(2, 80)];

function setUp() {
  const store = new FlowStore({}, { schedule: () => {} });
  const replay = new Replay(intoStore(store, store.addSource()));
  const packet = (at: number, write: (out: BytesOut) => number): void => {
    const out = new BytesOut();
    const length = write(out);
    const captured: CapturedPacket = { at, linkType: 101, bytes: out.take(), length, comments: [] };
    replay.packet(captured);
    captured.bytes.fill(0xee); // a view of the file's piece: nobody may still need it
  };
  const tcp = (from: Side, to: Side, at: number, sequence: number, text: string, flags: number = TcpFlag.ack): void =>
    packet(at, (out) => writeTcp(out, from, to, { sequence, acknowledgement: 0, flags }, ascii(text)));
  const payload = (id: number): string => Buffer.concat(store.body(id, 'up').chunks.map((c) => c.bytes)).toString();
  return { store, replay, packet, tcp, payload };
}

describe('packets of a capture', () => {
  it('become flows that say how their own segments came', () => {
    const { store, replay, tcp, payload } = setUp();
    const other = end(3, 80);
    for (const to of [server, other]) tcp(client, to, 1, 0, '', TcpFlag.syn);
    tcp(client, server, 2, 1, 'abcd');
    tcp(client, server, 3, 1, 'abcd'); // again
    tcp(client, server, 4, 9, 'ijkl'); // before its time
    tcp(client, server, 5, 5, 'efgh'); // late
    tcp(client, server, 6, 11, 'klmn'); // half of it again
    tcp(client, server, 7, 23, 'wxyz'); // nine bytes are missing
    tcp(client, other, 8, 1, 'all well');
    replay.finish();
    assert.deepEqual(store.flow(1)?.segments, { retransmitted: 1, reordered: 1, overlapping: 1, lost: 8 });
    assert.equal(payload(1), 'abcdefghijklmnwxyz');
    assert.equal(store.flow(2)?.segments, undefined);
    assert.equal(payload(2), 'all well');
  });

  it('of many connections keep apart, whichever end speaks, and a port that is used again is a new flow', () => {
    const { store, replay, tcp } = setUp();
    for (let i = 0; i < 3000; i++) {
      const here = end(i % 250, 1000 + i);
      tcp(here, server, i, 0, '', TcpFlag.syn);
      tcp(server, here, i, 0, '', TcpFlag.syn | TcpFlag.ack);
    }
    for (let i = 0; i < 3000; i++) {
      const here = end(i % 250, 1000 + i);
      tcp(here, server, i, 1, `up ${i}`);
      tcp(server, here, i, 1, `down ${i}`);
    }
    tcp(end(0, 1000), server, 9000, 500, '', TcpFlag.syn);
    replay.finish();
    assert.equal(store.size, 3001);
    for (const id of [1, 1500, 3000]) {
      assert.equal(Buffer.concat(store.body(id, 'down').chunks.map((c) => c.bytes)).toString(), `down ${id - 1}`);
      assert.equal(store.flow(id)?.bytesUp, `up ${id - 1}`.length);
    }
    assert.equal(store.flow(1)?.state, 'closed');
  });

  it('without a time begin at the first microsecond there is, and end there', () => {
    const { store, replay, tcp } = setUp();
    tcp(client, server, 1, 0, '', TcpFlag.syn);
    tcp(client, server, 1, 1, 'x', TcpFlag.fin | TcpFlag.ack);
    tcp(server, client, 1, 1, 'y', TcpFlag.fin | TcpFlag.ack);
    replay.finish();
    const flow = store.flow(1)!;
    assert.deepEqual([flow.openedAt, flow.closedAt, flow.reason], [1, 1, 'eof']);
  });

  it('that arrive with times in disorder keep the order of their payload', () => {
    const { store, replay, packet } = setUp();
    for (const [at, text] of [[100, 'one '], [50, 'two '], [70, 'three']] as const) packet(at, (out) => writeUdp(out, client, server, ascii(text))); // prettier-ignore
    replay.finish();
    assert.deepEqual(store.body(1, 'up').chunks.map((c) => Buffer.from(c.bytes).toString()), ['one ', 'two ', 'three']); // prettier-ignore
  });
});

describe('a TCP stream', () => {
  const sink = (): { data(offset: number, bytes: Uint8Array): void; bytes: number } => ({ bytes: 0, data(_, b) { this.bytes += b.length; } }); // prettier-ignore

  it('holds back no more than its share, and all streams together no more than theirs', () => {
    const budget = new HeldBudget(1 << 20);
    const streams = Array.from({ length: 100 }, () => new TcpStream(sink(), budget, Infinity));
    const piece = new Uint8Array(60_000);
    for (let n = 1; n < 30; n++)
      for (const stream of streams) {
        stream.synchronise(0);
        stream.segment(1 + n * 70_000, piece, piece.length, n);
        assert.ok(budget.bytes <= (1 << 20) + 61_000, `${budget.bytes}`);
      }
    for (const stream of streams) stream.flush();
    assert.equal(budget.bytes, 0);
  });

  it('keeps only what is wanted of what it holds back', () => {
    const budget = new HeldBudget();
    const kept = sink();
    const stream = new TcpStream(kept, budget, 10);
    stream.synchronise(0);
    for (let n = 1; n < 100; n++) stream.segment(1 + n * 1000, new Uint8Array(1000), 1000, n);
    assert.ok(budget.bytes < 100 * 250, `${budget.bytes}`);
    stream.segment(1, new Uint8Array(1000), 1000, 200);
    assert.deepEqual([stream.next, stream.counts.lost], [100_000, 0]);
  });
});
