import assert from 'node:assert/strict';
import { CloseReason, Process, Protocol } from '../../../gen/flow_pb.ts';
import type { FlowChanges } from '../../../src/flow/changes.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { closed, counters, data, dropped, frameOf, opened, snapshotBegin, snapshotEnd } from '../../support/wire.ts';

const t0 = 1_700_000_000_000_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (parts: readonly { bytes: Uint8Array }[]): string => Buffer.concat(parts.map((p) => p.bytes)).toString();

/** A store whose batches come when the test says so. */
function make(limits: ConstructorParameters<typeof FlowStore>[0] = {}) {
  const store = new FlowStore(limits, { schedule: () => {}, now: () => t0 + 5_000_000 });
  const source = store.addSource();
  const batches: FlowChanges[] = [];
  const feed = (...frames: Uint8Array[]): void => {
    for (const f of frames) store.feed(source, f);
  };
  const changes = (): FlowChanges | undefined => {
    store.flush();
    return batches.splice(0).at(0);
  };
  return { store, source, feed, changes, listening: store.onDidChange((c) => batches.push(c)) };
}

describe('flow store', () => {
  it('knows everything the wire tells of a flow', () => {
    const { store, feed } = make();
    const process = Process.make({
      pid: 42,
      name: 'curl',
      path: '/usr/bin/curl',
      arguments: ['curl', '-s'],
      uid: 1000,
      ancestors: [{ pid: 7, name: 'sh' }],
    });
    feed(
      opened({
        id: 9,
        process,
        source: { address: Uint8Array.of(198, 18, 0, 2), port: 40001 },
        destination: { address: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), port: 443 },
        host: 'example.com',
        openedAt: t0,
        capture: 'run-1',
        rule: 'delay 1s',
      }),
    );
    assert.equal(store.liveCount, 1);
    const flow = store.flow(1);
    assert.deepEqual(flow, {
      id: 1,
      protocol: 'tcp',
      process: {
        pid: 42,
        name: 'curl',
        path: '/usr/bin/curl',
        arguments: ['curl', '-s'],
        uid: 1000,
        ancestors: [{ pid: 7, name: 'sh' }],
      },
      source: { address: '198.18.0.2', port: 40001 },
      destination: { address: '2001:db8::1', port: 443 },
      host: 'example.com',
      inbound: false,
      capture: 'run-1',
      openedAt: t0,
      connectedAt: 0,
      closedAt: 0,
      bytesUp: 0,
      bytesDown: 0,
      datagramsUp: 0,
      datagramsDown: 0,
      state: 'open',
      error: 0,
      errorText: '',
      rule: 'delay 1s',
    });
    feed(counters({ id: 9, bytesUp: 10, bytesDown: 2 ** 40, connectedAt: t0 + 1234 }));
    assert.deepEqual(store.flow(1), { ...flow, bytesUp: 10, bytesDown: 2 ** 40, connectedAt: t0 + 1234 });
    feed(
      closed({
        id: 9,
        reason: CloseReason.resetByServer,
        error: 104,
        errorText: 'Connection reset by peer',
        closedAt: t0 + 9_000_000_000,
        bytesUp: 11,
        bytesDown: 2 ** 40 + 1,
      }),
    );
    assert.deepEqual(store.flow(1), {
      ...flow,
      bytesUp: 11,
      bytesDown: 2 ** 40 + 1,
      connectedAt: t0 + 1234,
      closedAt: t0 + 9_000_000_000,
      state: 'closed',
      reason: 'reset by server',
      error: 104,
      errorText: 'Connection reset by peer',
    });
    assert.equal(store.liveCount, 0);
    assert.equal(store.flow(0), undefined);
    assert.equal(store.flow(2), undefined);
    assert.equal(store.flow(1.5), undefined);
  });

  it('counts datagrams', () => {
    const { store, feed } = make();
    feed(
      opened({ id: 1, protocol: Protocol.udp, inbound: true }),
      counters({ id: 1, datagramsUp: 3, datagramsDown: 2 }),
    );
    feed(opened({ id: 2 }), closed({ id: 1, datagramsUp: 4, datagramsDown: 2 }));
    const flow = store.flow(1);
    assert.deepEqual([flow?.protocol, flow?.inbound, flow?.datagramsUp, flow?.datagramsDown], ['udp', true, 4, 2]);
    assert.equal(store.flow(2)?.datagramsUp, 0);
  });

  it('counts what a rule did not let through, by the latest that was told', () => {
    const { store, feed } = make();
    const lost = { datagramsUp: 3, datagramsDown: 0, bytesUp: 300, bytesDown: 0 };
    feed(
      opened({ id: 1, protocol: Protocol.udp }),
      opened({ id: 2, protocol: Protocol.udp }),
      counters({ id: 1, lost }),
    );
    assert.deepEqual(store.flow(1)?.lost, lost);
    // Of an older time than what is known, it changes nothing; a flow's end without it neither.
    feed(counters({ id: 1, lost: { ...lost, datagramsUp: 2, bytesUp: 200 } }));
    assert.deepEqual(store.flow(1)?.lost, lost);
    const all = { ...lost, datagramsDown: 1, bytesDown: 2 ** 40 };
    feed(closed({ id: 1, lost: all }), closed({ id: 2 }));
    assert.deepEqual(store.flow(1)?.lost, all);
    assert.equal('lost' in store.flow(2)!, false);
    assert.equal(store.flow(1)?.bytesUp, 0);
  });

  it('gives consecutive ids whatever the proxies call their flows', () => {
    const { store, feed } = make();
    const other = store.addSource();
    feed(opened({ id: 500, host: 'a' }), opened({ id: 2 ** 31 + 5, host: 'b' }));
    store.feed(other, opened({ id: 500, host: 'c' }));
    store.feed(other, closed({ id: 500 }));
    assert.deepEqual(
      [1, 2, 3].map((id) => [store.flow(id)?.host, store.flow(id)?.state]),
      [
        ['a', 'open'],
        ['b', 'open'],
        ['c', 'closed'],
      ],
    );
    assert.deepEqual([store.first, store.end, store.size, store.liveCount], [1, 4, 3, 2]);
  });

  it('ignores frames that are not of flows, flows it does not know, and members from the future', () => {
    const { store, feed } = make();
    feed(
      frameOf({ attached: { mode: 1 } }),
      counters({ id: 77, bytesUp: 1 }),
      closed({ id: 77 }),
      data(77, 'up', 0, bytes('x')),
      Uint8Array.of(0xfa, 0x7d, 2, 8, 1), // field 2015
    );
    assert.equal(store.size, 0);
  });

  it('takes a part of a buffer', () => {
    const { store, source } = make();
    const frame = opened({ id: 1, host: 'h' });
    const buffer = new Uint8Array([1, 2, 3, ...frame, 255, 255]);
    store.feed(source, buffer, 3, 3 + frame.length);
    assert.equal(store.flow(1)?.host, 'h');
  });

  it('applies nothing of a malformed frame', () => {
    const { store, feed } = make();
    const whole = opened({ id: 1, host: 'h', process: Process.make({ pid: 1, name: 'n', arguments: ['x'] }) });
    for (let length = 1; length < whole.length; length++) assert.throws(() => feed(whole.subarray(0, length)), Error);
    const broken = Uint8Array.from(whole);
    broken[broken.lastIndexOf(120) - 1] = 50; // the argument's length
    assert.throws(() => feed(broken));
    assert.equal(store.size, 0);
    assert.throws(() => feed(Uint8Array.of(2, 0)), /field number 0/);
    assert.throws(() => store.feed(5, whole), /no source 5/);
  });

  describe('payload', () => {
    it('is kept with offsets and times, each direction for itself', () => {
      const { store, feed } = make();
      feed(
        opened({ id: 1 }),
        data(1, 'up', 0, bytes('GET '), { at: t0 + 1 }),
        data(1, 'down', 0, bytes('200'), { at: t0 + 2 }),
      );
      feed(data(1, 'up', 4, bytes('/'), { at: t0 + 3 }), counters({ id: 1, bytesUp: 5, bytesDown: 3 }));
      const up = store.body(1, 'up');
      assert.deepEqual(
        up.chunks.map((c) => [c.offset, c.at, c.length, text([c])]),
        [
          [0, t0 + 1, 4, 'GET '],
          [4, t0 + 3, 1, '/'],
        ],
      );
      assert.equal(text(store.body(1, 'down').chunks), '200');
      assert.ok(!up.truncated && !store.body(1, 'down').truncated);
    });

    it('is a copy: the buffer it came in is used again', () => {
      const { store, source, feed } = make();
      feed(opened({ id: 1 }));
      const buffer = data(1, 'up', 0, bytes('abc'));
      store.feed(source, buffer);
      buffer.fill(0);
      assert.equal(text(store.body(1, 'up').chunks), 'abc');
    });

    it('raises the byte counts', () => {
      const { store, feed } = make();
      feed(opened({ id: 1 }), data(1, 'down', 100, bytes('abc')));
      assert.equal(store.flow(1)?.bytesDown, 103);
      feed(counters({ id: 1, bytesDown: 50 }));
      assert.equal(store.flow(1)?.bytesDown, 103);
    });

    it('is not kept twice when it comes again', () => {
      const { store, feed } = make();
      feed(opened({ id: 1 }), data(1, 'up', 0, bytes('abcd')));
      feed(data(1, 'up', 0, bytes('abcd')), data(1, 'up', 2, bytes('cdef')), data(1, 'up', 6, bytes('')));
      assert.deepEqual(
        store.body(1, 'up').chunks.map((c) => [c.offset, text([c])]),
        [
          [0, 'abcd'],
          [4, 'ef'],
        ],
      );
    });

    it('says where something is missing', () => {
      const { store, feed } = make();
      feed(opened({ id: 1 }), data(1, 'up', 0, bytes('ab')), data(1, 'up', 5, bytes('f')));
      assert.ok(store.body(1, 'up').truncated);
      feed(opened({ id: 2 }), data(2, 'up', 0, bytes('ab')), closed({ id: 2, bytesUp: 20_000 }));
      assert.ok(store.body(2, 'up').truncated);
      assert.ok(!store.body(2, 'down').truncated);
    });

    it('keeps datagrams apart, with their own size', () => {
      const { store, feed } = make();
      feed(opened({ id: 1, protocol: Protocol.udp }), data(1, 'up', 0, bytes('abc'), { length: 3 }));
      feed(data(1, 'up', 3, bytes('de'), { length: 1400 }), data(1, 'up', 3, bytes('de'), { length: 1400 }));
      const { chunks, truncated } = store.body(1, 'up');
      assert.deepEqual(
        chunks.map((c) => [c.offset, c.length, text([c])]),
        [
          [0, 3, 'abc'],
          [3, 1400, 'de'],
        ],
      );
      assert.ok(truncated);
      assert.equal(store.flow(1)?.bytesUp, 1403);
    });

    it('gives way to newer payload when the budget is used up, and says how much did', () => {
      const { store, feed, changes } = make({ bodyBytes: 64 * 1024 });
      const block = (n: number): Uint8Array => new Uint8Array(1000).fill(n);
      for (let id = 1; id <= 200; id++) feed(opened({ id }), data(id, 'up', 0, block(id)));
      changes();
      feed(opened({ id: 201 }), ...Array.from({ length: 20 }, (_, i) => data(201, 'up', i * 1000, block(201))));
      let held = 0;
      for (let id = store.first; id < store.end; id++)
        for (const chunk of store.body(id, 'up').chunks) {
          assert.ok(chunk.bytes.every((b) => b === (id & 255)));
          held += chunk.bytes.length;
        }
      assert.ok(held > 30_000 && held <= 64 * 1024, String(held));
      assert.equal(store.evicted.bodyBytes, 220_000 - held);
      assert.deepEqual(store.body(1, 'up'), { chunks: [], truncated: true });
      assert.ok((changes()?.updated.length ?? 0) > 5, 'flows that lost payload have changed');
    });

    it('stays within its budget when it comes in single bytes', () => {
      const { store, feed } = make({ bodyBytes: 256 * 1024 });
      feed(opened({ id: 1 }));
      for (let at = 0; at < 20_000; at++) feed(data(1, 'up', at, bytes('x')));
      const held = store.body(1, 'up').chunks.length;
      assert.ok(held > 1000 && held < 6000, String(held));
      assert.equal(held + store.evicted.bodyBytes, 20_000);
    });

    it('is counted as gone where one piece is larger than the budget', () => {
      const { store, feed } = make({ bodyBytes: 64 * 1024 });
      feed(opened({ id: 1 }), data(1, 'up', 0, new Uint8Array(100_000)));
      assert.deepEqual(store.body(1, 'up'), { chunks: [], truncated: true });
      assert.equal(store.evicted.bodyBytes, 100_000);
    });
  });

  describe('snapshots', () => {
    it('closes as lost what was live before and is not in a fresh snapshot', () => {
      const { store, feed } = make();
      feed(opened({ id: 1, host: 'a' }), opened({ id: 2, host: 'b' }), opened({ id: 3, host: 'c' }));
      feed(snapshotBegin(true), opened({ id: 1, host: 'a', bytesUp: 5 }), closed({ id: 3, bytesUp: 3 }), snapshotEnd());
      assert.deepEqual(
        [1, 2, 3].map((id) => [store.flow(id)?.state, store.flow(id)?.reason]),
        [
          ['open', undefined],
          ['closed', 'lost'],
          ['closed', 'eof'],
        ],
      );
      assert.equal(store.flow(1)?.bytesUp, 5);
      assert.equal(store.flow(2)?.closedAt, t0 + 5_000_000);
      assert.deepEqual([store.size, store.liveCount], [3, 1]);
    });

    it('leaves the flows of other proxies alone', () => {
      const { store, feed } = make();
      const other = store.addSource();
      store.feed(other, opened({ id: 1 }));
      feed(snapshotBegin(), snapshotEnd());
      assert.equal(store.flow(1)?.state, 'open');
    });

    it('takes an id with another beginning for another flow: the proxy was started anew', () => {
      const { store, feed } = make();
      feed(opened({ id: 1, host: 'old', openedAt: t0 }));
      feed(snapshotBegin(), opened({ id: 1, host: 'new', openedAt: t0 + 7 }), snapshotEnd(), closed({ id: 1 }));
      assert.deepEqual([store.flow(1)?.host, store.flow(1)?.reason], ['old', 'lost']);
      assert.deepEqual([store.flow(2)?.host, store.flow(2)?.reason], ['new', 'eof']);
    });

    it('brings flows back to life when the proxy was only out of reach', () => {
      const { store, source, feed, changes } = make();
      feed(opened({ id: 1 }), opened({ id: 2 }), data(1, 'up', 0, bytes('ab')));
      changes();
      store.sourceLost(source);
      assert.deepEqual([store.flow(1)?.reason, store.flow(2)?.reason, store.liveCount], ['lost', 'lost', 0]);
      assert.deepEqual(changes()?.closed, [1, 2]);
      feed(counters({ id: 1, bytesUp: 99 }));
      assert.equal(store.flow(1)?.bytesUp, 2);
      feed(snapshotBegin(), opened({ id: 1, bytesUp: 7 }), snapshotEnd(), data(1, 'up', 2, bytes('cd')));
      assert.deepEqual([store.flow(1)?.state, store.flow(1)?.closedAt, store.flow(1)?.bytesUp], ['open', 0, 7]);
      assert.equal(text(store.body(1, 'up').chunks), 'abcd');
      assert.deepEqual([store.size, store.liveCount], [2, 1]);
      assert.deepEqual(changes()?.updated, [1]);
      feed(closed({ id: 1 }), closed({ id: 2 }));
      assert.deepEqual([store.flow(1)?.reason, store.flow(2)?.reason], ['eof', 'lost']);
    });

    it('survives one that was cut off by another', () => {
      const { store, feed } = make();
      feed(opened({ id: 1 }), opened({ id: 2 }), snapshotBegin(), opened({ id: 1 }));
      feed(snapshotBegin(), opened({ id: 2 }), snapshotEnd());
      assert.deepEqual([store.flow(1)?.state, store.flow(2)?.state], ['closed', 'open']);
    });
  });

  describe('limits', () => {
    it('lets the oldest flows go, and counts them', () => {
      const { store, feed } = make({ flows: 10 });
      for (let id = 1; id <= 25; id++) feed(opened({ id, host: `h${id}` }), closed({ id }));
      assert.deepEqual([store.first, store.end, store.size], [16, 26, 10]);
      assert.equal(store.evicted.flows, 15);
      assert.equal(store.flow(15), undefined);
      assert.equal(store.flow(16)?.host, 'h16');
      assert.deepEqual(store.body(15, 'up'), { chunks: [], truncated: false });
    });

    it('moves long-lived flows to new rows rather than lose them', () => {
      const { store, feed, changes } = make({ flows: 10 });
      feed(opened({ id: 1, host: 'long' }), data(1, 'up', 0, bytes('ab')));
      changes();
      for (let id = 2; id <= 40; id++) feed(opened({ id }), closed({ id }));
      feed(data(1, 'up', 2, bytes('cd')), data(1, 'down', 0, bytes('x')), counters({ id: 1, bytesUp: 4 }));
      const [row] = Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)).filter((f) => f?.host);
      assert.ok(row);
      assert.deepEqual([row.state, row.bytesUp, text(store.body(row.id, 'up').chunks)], ['open', 4, 'abcd']);
      assert.equal(text(store.body(row.id, 'down').chunks), 'x');
      assert.equal(store.liveCount, 1);
      // 39 short ones came, 9 of them are held.
      assert.equal(store.evicted.flows, 30);
      const batch = changes();
      assert.deepEqual(batch?.evicted, { first: 1, end: store.first });
      assert.ok(row.id >= batch.opened.first && row.id < batch.opened.end);
      feed(closed({ id: 1 }));
      assert.equal(store.flow(row.id)?.state, 'closed');
    });

    it('lets live flows go where there is nothing else', () => {
      const { store, feed } = make({ flows: 10 });
      for (let id = 1; id <= 25; id++) feed(opened({ id }));
      assert.deepEqual([store.size, store.liveCount, store.evicted.flows], [10, 10, 15]);
      feed(closed({ id: 3 }), closed({ id: 25 }));
      assert.deepEqual([store.liveCount, store.flow(25)?.state], [9, 'closed']);
    });

    it('adds up what the proxies left out', () => {
      const { store, feed } = make();
      feed(dropped(2, 100), dropped(1, 11));
      assert.deepEqual(store.dropped, { frames: 3, bytes: 111 });
    });

    it('cuts texts that are too long between characters', () => {
      const { store, feed } = make();
      feed(opened({ id: 1, host: 'ä'.repeat(5000) }));
      const host = store.flow(1)?.host ?? '';
      assert.match(host, /^ä{126}…$/);
    });

    it('shortens processes that are too long', () => {
      const { store, feed } = make();
      const huge = Process.make({ pid: 5, name: 'java', path: '/bin/java', arguments: ['x'.repeat(50_000), 'y'] });
      feed(opened({ id: 1, process: huge }));
      const process = store.flow(1)?.process;
      assert.deepEqual([process?.pid, process?.name, process?.arguments.length], [5, 'java', 1]);
      assert.ok((process?.arguments[0]?.length ?? 0) < 3000);
    });

    it('lets go of names that no flow has any more', () => {
      const { store, feed } = make({ flows: 100 });
      const host = 'x'.repeat(240);
      for (let id = 1; id <= 60_000; id++) feed(opened({ id, host: `${id}.${host}` }), closed({ id }));
      assert.ok(store.dictionaries.names.size < 40_000, String(store.dictionaries.names.size));
      for (let id = store.first; id < store.end; id++) assert.ok(store.flow(id)?.host.startsWith(`${id}.x`));
    });
  });

  it('clears: ended flows go, live ones go on in new rows', () => {
    const { store, source, feed, changes } = make();
    feed(opened({ id: 1, host: 'a' }), closed({ id: 1 }), opened({ id: 2, host: 'b' }), data(2, 'up', 0, bytes('ab')));
    feed(data(2, 'down', 0, bytes('xyz')), data(2, 'up', 2, bytes('c')), dropped(1, 1));
    changes();
    store.clear();
    assert.deepEqual([store.first, store.end, store.liveCount], [3, 4, 1]);
    assert.equal(store.flow(3)?.host, 'b');
    assert.equal(text(store.body(3, 'up').chunks), 'abc');
    assert.equal(text(store.body(3, 'down').chunks), 'xyz');
    assert.deepEqual(store.dropped, { frames: 0, bytes: 0 });
    assert.deepEqual(changes(), {
      opened: { first: 3, end: 4 },
      updated: [],
      closed: [],
      evicted: { first: 3, end: 3 },
      cleared: true,
    });
    store.sourceLost(source);
    store.clear();
    assert.deepEqual([store.size, store.liveCount], [0, 0]);
    feed(snapshotBegin(), opened({ id: 2 }), snapshotEnd());
    assert.equal(store.flow(4)?.state, 'open');
  });

  it('takes what a dissector found out', () => {
    const { store, feed, changes } = make();
    feed(opened({ id: 1, host: 'from-dns' }));
    changes();
    store.setApplication(1, { protocol: 'tls', summary: 'TLS 1.3' });
    assert.deepEqual(store.flow(1)?.application, { protocol: 'tls', summary: 'TLS 1.3' });
    assert.equal(store.flow(1)?.host, 'from-dns');
    store.setApplication(1, { protocol: 'http1', summary: 'GET /', host: 'from-header' });
    assert.deepEqual(store.flow(1)?.application, { protocol: 'http1', summary: 'GET /' });
    assert.equal(store.flow(1)?.host, 'from-header');
    assert.deepEqual(changes()?.updated, [1]);
    store.setApplication(2, { protocol: 'tls', summary: '' });
  });

  describe('changes', () => {
    it('come in batches, each id once', () => {
      const { feed, changes } = make();
      feed(opened({ id: 1 }), opened({ id: 2 }), opened({ id: 3 }));
      feed(counters({ id: 1, bytesUp: 1 }), counters({ id: 1, bytesUp: 2 }), closed({ id: 3 }));
      assert.deepEqual(changes(), {
        opened: { first: 1, end: 4 },
        updated: [],
        closed: [3],
        evicted: { first: 1, end: 1 },
        cleared: false,
      });
      feed(
        counters({ id: 1, bytesUp: 3 }),
        counters({ id: 2, bytesUp: 3 }),
        counters({ id: 1, bytesUp: 4 }),
        closed({ id: 2 }),
      );
      assert.deepEqual(changes(), {
        opened: { first: 4, end: 4 },
        updated: [1],
        closed: [2],
        evicted: { first: 1, end: 1 },
        cleared: false,
      });
      assert.equal(changes(), undefined);
    });

    it('ask the host once per batch', () => {
      const asked: (() => void)[] = [];
      const store = new FlowStore({}, { schedule: (flush) => asked.push(flush) });
      const source = store.addSource();
      let batches = 0;
      const listening = store.onDidChange(() => batches++);
      for (let id = 1; id < 100; id++) store.feed(source, opened({ id }));
      assert.equal(asked.length, 1);
      asked[0]?.();
      assert.equal(batches, 1);
      store.feed(source, counters({ id: 5, bytesUp: 1 }));
      assert.equal(asked.length, 2);
      asked[1]?.();
      listening.dispose();
      store.feed(source, counters({ id: 6, bytesUp: 1 }));
      assert.deepEqual([asked.length, batches], [2, 2]);
    });

    it('by default come within the turn', async () => {
      const store = new FlowStore();
      const source = store.addSource();
      const batch = new Promise<FlowChanges>((resolve) => store.onDidChange(resolve));
      store.feed(source, opened({ id: 1 }));
      assert.deepEqual((await batch).opened, { first: 1, end: 2 });
    });

    it('are complete for a listener that came after another one left in the middle of a batch', () => {
      const { store, feed, listening } = make();
      feed(opened({ id: 1 }));
      store.flush();
      feed(counters({ id: 1, bytesUp: 1 }));
      listening.dispose();
      const batches: FlowChanges[] = [];
      store.onDidChange((c) => batches.push(c));
      feed(counters({ id: 1, bytesUp: 2 }));
      store.flush();
      assert.deepEqual(batches[0]?.updated, [1]);
    });
  });

  it('shows its columns for scans', () => {
    const { store, feed } = make({ flows: 40_000 });
    for (let id = 1; id <= 50_000; id++)
      feed(
        opened({ id, host: id % 3 ? 'a' : 'b', destination: { address: Uint8Array.of(10, 0, 0, 1), port: id % 100 } }),
        closed({ id, bytesDown: id }),
      );
    const { names } = store.dictionaries;
    const wanted = Array.from({ length: names.size }, (_, i) => i).filter((i) => names.has(i) && names.get(i) === 'b');
    assert.equal(wanted.length, 1);
    const found: number[] = [];
    for (const { group, from, to } of store.slices())
      for (let i = from; i < to; i++)
        if (group.destinationPort[i] === 42 && group.host[i] === wanted[0] && group.bytesDown[i]! > 20_000)
          found.push(group.first + i);
    const expected = Array.from({ length: 50_000 }, (_, i) => i + 1).filter(
      (id) => id % 100 === 42 && id % 3 === 0 && id > 20_000,
    );
    assert.deepEqual(found, expected);
    assert.equal(store.first, 10_001);
  });
});
