import assert from 'node:assert/strict';
import {
  CloseReason,
  Direction,
  FlowClosed,
  FlowCounters,
  FlowOpened,
  Protocol,
  ProxyFrame,
} from '../../../../gen/flow_pb.ts';
import { dissectLive } from '../../../../src/dissect/live.ts';
import { PanelSession } from '../../../../src/editor/panel/session.ts';
import { FlowStore } from '../../../../src/flow/store.ts';
import { nodeCodecs } from '../../../../src/node/contentCodecs.ts';
import type {
  Method,
  PanelDetail,
  PanelRow,
  PanelRows,
  Requests,
  ToHost,
  ToWebview,
} from '../../../../src/protocol/panel.ts';

const now = 1_800_000_000_000_000;
const rowsIn = ({ rows }: PanelRows): PanelRow[] => JSON.parse(rows) as PanelRow[];
const text = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'latin1'));

function setUp() {
  const store = new FlowStore({}, { schedule: () => {}, now: () => now });
  const source = store.addSource();
  dissectLive(store);
  const posted: ToWebview[] = [];
  const commands: Requests['command']['params'][] = [];
  let remembered: unknown;
  const session = new PanelSession(store, {
    place: () => 'editor',
    remember: (state) => (remembered = state),
    remembered: () => remembered,
    command: (params) => Promise.resolve(void commands.push(params)),
    now: () => now,
    decoders: nodeCodecs,
    t: (message, ...args) => message.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)])),
    source: () => 'live',
    bodyLimit: () => 200,
    progress: () => undefined,
  });
  session.attach((message) => posted.push(message));
  const send = (frame: Parameters<typeof ProxyFrame.encode>[0]): void =>
    store.feed(source, ProxyFrame.encode(frame).finish());
  let next = 0;
  async function ask<M extends Method>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const id = ++next;
    await session.receive({ kind: 'request', id, method, params } as ToHost);
    const answer = posted.find((p) => p.kind === 'answer' && p.id === id);
    assert.ok(answer?.kind === 'answer');
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as Requests[M]['result'];
  }
  /** One exchange: request, answer, end. */
  function exchange(id: number, request: string, response: string, reason: CloseReason = CloseReason.eof): void {
    const endpoint = (n: number, port: number) => ({ address: Uint8Array.of(10, 0, 0, n), port });
    const process = {
      pid: id,
      name: id % 2 ? 'curl' : 'node',
      path: '/usr/bin/x',
      arguments: [],
      uid: 0,
      ancestors: [],
      signingId: '',
      teamId: '',
    };
    const at = now - 10_000_000 + id * 1000;
    send({
      opened: {
        id,
        protocol: Protocol.tcp,
        process,
        source: endpoint(1, 4000),
        destination: endpoint(2, 80),
        host: '',
        openedAt: at,
        inbound: false,
        capture: '',
        bytesUp: 0,
        bytesDown: 0,
        connectedAt: at + 100,
        rule: '',
      },
    });
    send({ data: { id, direction: Direction.up, offset: 0, bytes: text(request), at: at + 200, length: 0 } });
    send({ data: { id, direction: Direction.down, offset: 0, bytes: text(response), at: at + 900, length: 0 } });
    send({
      closed: FlowClosed.make({
        id,
        reason,
        error: 0,
        errorText: '',
        closedAt: at + 5000,
        bytesUp: request.length,
        bytesDown: response.length + 50,
        connectedAt: at + 100,
        datagramsUp: 0,
        datagramsDown: 0,
      }),
    });
    store.flush();
    store.flush(); // what was dissected
  }
  return { store, session, posted, commands, ask, exchange, send };
}

describe("the panel's session", () => {
  const request = 'GET /a HTTP/1.1\r\nHost: api.example\r\n\r\n';
  const response = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{"a": 1}  ';

  it('gives rows by range, as the view orders them', async () => {
    const { ask, exchange } = setUp();
    for (let id = 1; id <= 10; id++) exchange(id, request, response);
    const rows = rowsIn(await ask('rows', { from: 2, to: 4 }));
    assert.deepEqual(rows.map((r) => [r.id, r.process, r.host, r.protocol, r.summary]), [
      [3, 'curl', 'api.example', 'http', 'GET /a 200'],
      [4, 'node', 'api.example', 'http', 'GET /a 200'],
    ]); // prettier-ignore
    await ask('setSort', { column: 'start', descending: true });
    assert.deepEqual(rowsIn(await ask('rows', { from: 0, to: 2 })).map((r) => r.id), [10, 9]); // prettier-ignore
    assert.equal(await ask('indexOf', { id: 10 }), 0);
    assert.deepEqual(rowsIn(await ask('rows', { from: 90, to: 100 })), []);
  });

  it('filters, and says what is wrong with a query where it was typed', async () => {
    const { ask, exchange, session } = setUp();
    for (let id = 1; id <= 4; id++) exchange(id, request, response);
    assert.deepEqual(await ask('setQuery', { query: ' process:node ' }), {});
    assert.equal(session.view.count, 2);
    const { error } = await ask('setQuery', { query: '  prot:1' });
    assert.deepEqual([error!.start, error!.end], [2, 6]);
    assert.equal(session.view.count, 2, 'a broken query changes nothing');
    const labels = (await ask('complete', { query: 'process:', cursor: 8 })).map((c) => c.label);
    assert.deepEqual([...labels].sort(), ['curl', 'node']);
  });

  it('shows how the text of a message begins, on one line', async () => {
    const { ask, exchange } = setUp();
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';
    const frame = (type: string, body: string): string => `${type}${String.fromCharCode(body.length)}${body}`;
    exchange(
      1,
      `GET /chat HTTP/1.1\r\nHost: a\r\n${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      `HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n${frame('\x81', '{\n  "a": 1\n}')}${frame('\x82', '\0\x01')}`,
    );
    const detail = await ask('detail', { id: 1 });
    assert.ok(detail && detail !== 'unchanged');
    assert.deepEqual(
      detail.messages.flatMap((m) => (m.kind === 'frame' ? [[m.title, m.preview]] : [])),
      [
        ['text 12 B', '{ "a": 1 }'],
        ['binary 2 B', ''],
      ],
    );
  });

  it('says where a flow had more payload than is kept, and what keeps more', async () => {
    const { ask, exchange } = setUp();
    exchange(1, request, response + 'x'.repeat(200));
    exchange(2, request, response);
    const notes = async (id: number): Promise<string> => {
      const detail = await ask('detail', { id });
      assert.ok(detail && detail !== 'unchanged');
      return detail.notes.join();
    };
    assert.match(await notes(1), /The first 200 B .* flowtap\.store\.bodyKilobytesPerFlow keeps more/);
    assert.doesNotMatch(await notes(2), /The first/);
  });

  it('shows a flow with its messages, timings and what was not kept', async () => {
    const { ask, exchange } = setUp();
    exchange(1, request, response, CloseReason.resetByServer);
    const detail = await ask('detail', { id: 1 });
    assert.ok(detail && detail !== 'unchanged');
    const [message] = detail.messages;
    assert.ok(message?.kind === 'http');
    const body = await ask('body', { id: 1, message: message.index, side: 'response' });
    assert.equal(body!.kind, 'text');
    assert.equal(body!.language, 'json');
    assert.match(body!.notes.join(), /Only the first 10 B of 60 B/);
    assert.equal(await ask('body', { id: 1, message: 7, side: 'response' }), undefined);
    assert.equal(await ask('detail', { id: 1, stamp: detail.stamp }), 'unchanged');
    assert.deepEqual(detail.timings, { dial: 0.1, firstByte: 0.7, total: 5 });
    assert.match(detail.explanation, /aborted the connection/);
    assert.match(detail.next, /the server's own log/);
    const stream = await ask('stream', { id: 1 });
    assert.deepEqual(stream!.chunks.map((c) => c.up), [true, false]); // prettier-ignore
    assert.deepEqual(stream!.missing, { up: 0, down: 50 });
    assert.equal(await ask('detail', { id: 99 }), undefined);
  });

  it('shows what a rule did not let through, and anew when that grows', async () => {
    const { ask, send } = setUp();
    send({ opened: FlowOpened.make({ id: 1, protocol: Protocol.udp, openedAt: now }) });
    const lose = (bytesUp: number): void =>
      send({
        counters: FlowCounters.make({ id: 1, lost: { datagramsUp: 2, datagramsDown: 0, bytesUp, bytesDown: 0 } }),
      });
    const shown = (detail: PanelDetail): string | undefined =>
      detail.overview.flatMap((s) => s.fields).find(([name]) => name === 'Not let through')?.[1];
    const plain = await ask('detail', { id: 1 });
    assert.ok(plain && plain !== 'unchanged');
    assert.equal(shown(plain), undefined);
    lose(100);
    const first = await ask('detail', { id: 1, stamp: plain.stamp });
    assert.ok(first && first !== 'unchanged');
    assert.equal(shown(first), '↑ 2 (100 B) ↓ 0 (0 B)');
    assert.equal(await ask('detail', { id: 1, stamp: first.stamp }), 'unchanged');
    lose(200);
    assert.notEqual(await ask('detail', { id: 1, stamp: first.stamp }), 'unchanged');
  });

  it('counts flows and failures over time', async () => {
    const { ask, exchange } = setUp();
    for (let id = 1; id <= 10; id++) exchange(id, request, response, id > 8 ? CloseReason.refused : CloseReason.eof);
    const { opened, failed, from, to } = await ask('timeline', { slices: 20 });
    assert.equal(
      opened.reduce((a, b) => a + b),
      10,
    );
    assert.equal(
      failed.reduce((a, b) => a + b),
      2,
    );
    assert.ok(from < to);
  });

  it('answers every request: unknown ones are ignored, failing ones say why', async () => {
    const { session, posted, ask } = setUp();
    await session.receive({ kind: 'request', id: 1, method: 'constructor', params: {} } as unknown as ToHost);
    await session.receive(undefined as unknown as ToHost);
    assert.equal(posted.length, 0);
    await assert.rejects(ask('setQuery', undefined as never));
  });

  it('keeps events for a page that was hidden, and tells a new page what the last one remembered', async () => {
    const { session, posted, ask, exchange } = setUp();
    await ask('ready', {});
    await ask('remember', { state: { query: 'port:1' } });
    session.hidden();
    const before = posted.length;
    session.reveal(3);
    exchange(1, request, response);
    await new Promise((done) => setTimeout(done, 60));
    assert.equal(posted.length, before, 'nobody is there to hear it');
    const again: ToWebview[] = [];
    session.attach((message) => again.push(message));
    await session.receive({ kind: 'request', id: 900, method: 'ready', params: {} });
    await new Promise((done) => setTimeout(done, 5));
    const [answer] = again;
    assert.ok(answer?.kind === 'answer');
    const { state, remembered } = answer.result as Requests['ready']['result'];
    assert.deepEqual([state.total, remembered], [1, { query: 'port:1' }]);
    assert.deepEqual(again[1], { kind: 'reveal', id: 3 });
    session.dispose();
  });

  it('tells a busy page of the newest state only, with the rows that it follows', async () => {
    const { session, posted, ask, exchange } = setUp();
    await ask('ready', {});
    const states = () => posted.filter((p) => p.kind === 'state');
    const quiet = (): Promise<void> => new Promise((done) => setTimeout(done, 60));
    exchange(1, request, response);
    await quiet();
    assert.equal(states().length, 1);
    assert.equal(states()[0]!.newest, undefined, 'it follows nothing yet');
    for (let id = 2; id <= 80; id++) exchange(id, request, response);
    await quiet();
    assert.equal(states().length, 1, 'the page has not taken the first one');
    await session.receive({ kind: 'taken', newest: 10 });
    await quiet();
    const [, next] = states();
    assert.equal(next!.state.count, 80);
    const { from, version } = next!.newest!;
    const rows = rowsIn(next!.newest!);
    assert.deepEqual([from, rows[0]!.id, rows.at(-1)!.id, version], [64, 65, 80, next!.state.version]);
    await session.receive({ kind: 'taken', newest: 0 });
    await quiet();
    assert.equal(states().length, 2, 'nothing is new');
    await ask('setSort', { column: 'start', descending: true });
    await session.receive({ kind: 'taken', newest: 10 });
    await quiet();
    await session.receive({ kind: 'taken', newest: 10 });
    exchange(81, request, response);
    await quiet();
    const newest = states().at(-1)!.newest!;
    assert.deepEqual([newest.from, rowsIn(newest)[0]!.id, rowsIn(newest).length], [0, 81, 32]);
    session.dispose();
  });

  it('gives ids of a range, and refuses a column that is none', async () => {
    const { ask, exchange } = setUp();
    for (let id = 1; id <= 5; id++) exchange(id, request, response);
    await ask('setSort', { column: 'start', descending: true });
    assert.deepEqual(await ask('ids', { from: 1, to: 99 }), [4, 3, 2, 1]);
    await assert.rejects(ask('setSort', { column: '__proto__' as never, descending: true }), /no column/);
  });

  it('keeps events for a page that is still loading', async () => {
    const { session, posted, ask } = setUp();
    session.reveal(7);
    session.ask('port:1');
    assert.equal(posted.length, 0);
    await ask('ready', {});
    await new Promise((done) => setTimeout(done, 5));
    assert.deepEqual(posted.slice(1), [{ kind: 'reveal', id: 7 }, { kind: 'query', query: 'port:1' }]); // prettier-ignore
    session.dispose();
  });
});
