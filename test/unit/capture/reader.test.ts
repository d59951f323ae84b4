import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { BytesOut } from '../../../src/capture/bytesOut.ts';
import { intoStore } from '../../../src/capture/load.ts';
import { TcpFlag, writeTcp } from '../../../src/capture/packets.ts';
import { writePcapng } from '../../../src/capture/pcapng.ts';
import { CaptureError, CaptureReader, type CapturedPacket } from '../../../src/capture/reader.ts';
import { Replay, type ReplaySummary } from '../../../src/capture/replay.ts';
import type { Flow } from '../../../src/flow/model.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { FakeSource, chunk, makeFlow, t0 } from '../../support/flows.ts';
import { haveTshark } from '../../support/tshark.ts';

const source = new FakeSource();
const request = 'GET /a HTTP/1.1\r\nHost: api.example.com\r\n\r\n';
const long = new Uint8Array(150_000).map((_, i) => i * 7);
const flows = [
  source.add(makeFlow({ id: 1, bytesUp: request.length, bytesDown: 150_000 }), {
    up: [chunk(0, request, t0 + 2000)],
    down: [chunk(0, long, t0 + 3000)],
  }),
  source.add(
    makeFlow({
      id: 2,
      source: { address: 'fdfd::1', port: 5000 },
      destination: { address: '2001:db8::7', port: 443 },
      host: '',
      bytesDown: 9,
      reason: 'reset by server',
    }),
    { down: [chunk(0, 'some data', t0 + 5000)] },
  ),
  source.add(makeFlow({ id: 3, source: { address: '198.18.0.2', port: 40001 }, connectedAt: 0, reason: 'refused' })),
  source.add(
    makeFlow({
      id: 4,
      protocol: 'udp',
      source: { address: '198.18.0.2', port: 40002 },
      destination: { address: '203.0.113.53', port: 53 },
      bytesUp: 8,
      bytesDown: 5,
      reason: 'idle',
    }),
    {
      up: [chunk(0, 'ping', t0 + 10), chunk(4, 'ping', t0 + 30)],
      down: [chunk(0, 'answr', t0 + 20)],
    },
  ),
  source.add(
    makeFlow({
      id: 5,
      source: { address: '198.18.0.2', port: 40003 },
      inbound: true,
      bytesUp: 2,
      state: 'open',
      closedAt: 0,
    }),
    { up: [chunk(0, 'ab', t0 + 2000)] },
  ),
];
const file = Buffer.concat([...writePcapng(flows, source, 'test')]);

function load(bytes: Uint8Array, size = bytes.length): { store: FlowStore; summary: ReplaySummary } {
  const store = new FlowStore({}, { schedule: () => {} });
  const from = store.addSource();
  const replay = new Replay(intoStore(store, from));
  const reader = new CaptureReader(replay);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { store, summary: replay.finish() };
}
const payload = (store: FlowStore, id: number, direction: 'up' | 'down'): Buffer =>
  Buffer.concat(store.body(id, direction).chunks.map((c) => c.bytes));
const all = (store: FlowStore) => Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!);

describe('captures read back', () => {
  it('give the flows that were written, in pieces of any size', () => {
    for (const size of [file.length, 1000, 7]) {
      const { store } = load(file, size);
      const read = all(store);
      assert.equal(read.length, flows.length);
      for (const original of flows) {
        const f = read.find((x) => x.source.port === original.source.port)!;
        assert.ok(f, `port ${original.source.port}`);
        for (const key of [
          'protocol',
          'host',
          'state',
          'bytesUp',
          'bytesDown',
          'openedAt',
          'inbound',
          'destination',
        ] as const)
          if (
            !(key === 'host' && original.id === 2) &&
            !(key === 'openedAt' && original.protocol === 'udp') &&
            !(key === 'state' && original.protocol === 'udp')
          )
            assert.deepEqual(f[key], original[key], `${key} of flow ${original.id}`);
        assert.deepEqual([f.process.name, f.process.pid, f.process.path], ['node', 42, '/usr/bin/node']);
        if (original.state === 'closed' && original.protocol === 'tcp') assert.equal(f.reason, original.reason);
      }
      const first = read.find((f) => f.source.port === 40000)!;
      assert.equal(payload(store, first.id, 'up').toString(), request);
      assert.ok(payload(store, first.id, 'down').equals(Buffer.from(long)));
    }
  });

  it('give each flow its own name or none, whatever other names its address has', () => {
    const [one, two, none] = ['one.example', 'two.example', ''].map((host, i) =>
      source.add(makeFlow({ id: 20 + i, source: { address: '198.18.0.2', port: 41000 + i }, host })),
    );
    const hosts = (...written: (typeof one)[]): (string | undefined)[] =>
      all(load(Buffer.concat([...writePcapng(written as Flow[], source, 'test')])).store).map((f) => f.host);
    const nameless = hosts(none)[0];
    assert.notEqual(nameless, 'one.example');
    assert.deepEqual(hosts(one, two, none), ['one.example', 'two.example', nameless]);
    assert.deepEqual(hosts(one, none), ['one.example', nameless]);
  });

  it('say what was run, what failed and which rule decided', () => {
    const flow = source.add(
      makeFlow({ id: 30, connectedAt: 0, reason: 'refused', errorText: 'no such (thing)', rule: 'slow down' }),
    );
    const [read] = all(load(Buffer.concat([...writePcapng([flow], source, 'test')])).store);
    assert.deepEqual(
      [read?.process.arguments, read?.reason, read?.errorText, read?.rule],
      [['node a.js'], 'refused', 'no such (thing)', 'slow down'],
    );
  });

  it('are the same as pcap of either resolution', function () {
    if (!haveTshark) this.skip();
    const dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-pcap-'));
    try {
      writeFileSync(path.join(dir, 'in'), file);
      for (const format of ['pcap', 'nsecpcap']) {
        const { status, stderr } = spawnSync('editcap', ['-F', format, path.join(dir, 'in'), path.join(dir, format)], {
          encoding: 'utf8',
        });
        assert.equal(status, 0, stderr);
        const { store } = load(readFileSync(path.join(dir, format)), 500);
        const http = all(store).find((f) => f.source.port === 40000)!;
        assert.equal(http.openedAt, t0);
        assert.ok(payload(store, http.id, 'down').equals(Buffer.from(long)));
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  // A stream in segments that are reordered, repeated and overlapping must come out as it was.
  const client = { address: Uint8Array.of(10, 0, 0, 1), port: 4000 };
  const server = { address: Uint8Array.of(10, 0, 0, 2), port: 80 };
  const packet = (at: number, write: (out: BytesOut) => number): CapturedPacket => {
    const out = new BytesOut();
    const length = write(out);
    return { at, linkType: 101, bytes: out.take(), length, comments: [] };
  };
  it('put segments in order, whatever the order they came in', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 200 })), { maxLength: 15 }),
        fc.infiniteStream(fc.nat(1000)),
        (isn, extra, order) => {
          const text = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
          const cover = Array.from({ length: 10 }, (_, i) => [i * 100, 100] as const);
          const segments = [...cover, ...extra].map((s) => ({ s, key: order.next().value! })).sort((a, b) => a.key - b.key); // prettier-ignore
          const store = new FlowStore({}, { schedule: () => {} });
          const from = store.addSource();
          const replay = new Replay(intoStore(store, from));
          const tcp = (offset: number, flags: number) => ({
            sequence: (isn + offset) >>> 0,
            acknowledgement: 0,
            flags,
          });
          replay.packet(packet(1, (out) => writeTcp(out, client, server, tcp(0, TcpFlag.syn))));
          for (const {
            s: [at, length],
          } of segments)
            replay.packet(
              packet(2, (out) =>
                writeTcp(out, client, server, tcp(1 + at, TcpFlag.ack), text.subarray(at, at + length)),
              ),
            );
          const { streams } = replay.finish();
          assert.deepEqual(new Uint8Array(payload(store, 1, 'up')), text);
          assert.equal(streams.lost, 0);
        },
      ),
      { numRuns: 60 },
    );
  });
  it('count what never came', () => {
    const store = new FlowStore({}, { schedule: () => {} });
    const from = store.addSource();
    const replay = new Replay(intoStore(store, from));
    const say = (sequence: number, text: string) =>
      replay.packet(
        packet(1, (out) =>
          writeTcp(
            out,
            client,
            server,
            { sequence, acknowledgement: 0, flags: TcpFlag.ack },
            new Uint8Array(Buffer.from(text)),
          ),
        ),
      );
    say(100, 'abc');
    say(110, 'xyz');
    const { streams } = replay.finish();
    assert.equal(streams.lost, 7);
    assert.equal(store.flow(1)!.bytesUp, 13);
    assert.deepEqual(store.body(1, 'up').chunks.map((c) => c.offset), [0, 10]); // prettier-ignore
  });

  const refused: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /neither/],
    ['text', Buffer.from('hello world, this is no capture'), /neither/],
    ['a file cut in a block', file.subarray(0, file.length - 3), /middle of a block/],
    [
      'a block length of 13',
      Buffer.concat([file.subarray(0, 4), Buffer.from([13, 0, 0, 0]), file.subarray(8)]),
      /impossible length 13/,
    ],
    [
      'a gigantic block',
      Buffer.concat([file.subarray(0, 4), Buffer.from([0, 0, 0, 0x7f]), file.subarray(8)]),
      /impossible length/,
    ],
  ];
  for (const [what, bytes, message] of refused)
    it(`refuse ${what}`, () => assert.throws(() => load(bytes), (e) => e instanceof CaptureError && message.test(e.message))); // prettier-ignore
  it('never throw anything else, and end, on damaged files', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { minLength: 1, maxLength: 12 }), (damage) => {
        const copy = new Uint8Array(file.subarray(0, 20_000));
        for (const [at, value] of damage) copy[at % (at % 3 ? 400 : copy.length)] = value;
        try {
          load(copy, 4096);
        } catch (error) {
          if (!(error instanceof CaptureError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
