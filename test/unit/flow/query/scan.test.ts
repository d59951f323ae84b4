import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CloseReason, Direction, Protocol, ProxyFrame } from '../../../../gen/flow_pb.ts';
import { compileQuery } from '../../../../src/flow/query/match.ts';
import { parseQuery } from '../../../../src/flow/query/parse.ts';
import { scan } from '../../../../src/flow/query/matching.ts';
import { compileScan, makeContext } from '../../../../src/flow/query/scan.ts';
import { FlowStore } from '../../../../src/flow/store.ts';

const now = 1_800_000_000_000_000;

/** Flows with a bit of everything. */
function fill(seed: number): FlowStore {
  const store = new FlowStore({}, { schedule: () => {}, now: () => now });
  const source = store.addSource();
  const send = (frame: Parameters<typeof ProxyFrame.encode>[0]): void =>
    store.feed(source, ProxyFrame.encode(frame).finish());
  let state = seed;
  const pick = <T>(values: readonly T[]): T =>
    values[((state = (Math.imul(state, 1103515245) + 12345) >>> 0) % 97) % values.length]!;
  for (let id = 1; id <= 300; id++) {
    const process = {
      pid: pick([0, 7, 42]),
      name: pick(['node', 'curl', '']),
      path: pick(['/usr/bin/node', '']),
      arguments: pick([[], ['a', 'b']]),
      uid: 1,
      ancestors: pick([[], [{ pid: 1, name: 'zsh' }]]),
      signingId: '',
      teamId: '',
    };
    send({
      opened: {
        id,
        protocol: pick([Protocol.tcp, Protocol.udp]),
        process,
        source: { address: Uint8Array.of(10, 0, 0, 1), port: pick([1000, 2000]) },
        destination: { address: Uint8Array.of(10, 0, 0, pick([2, 3])), port: pick([80, 443]) },
        host: pick(['', 'api.example.com', 'www.example.org']),
        openedAt: now - pick([1e6, 5e6, 60e6]),
        inbound: pick([true, false]),
        capture: pick(['', 'run-1']),
        bytesUp: pick([0, 500]),
        bytesDown: pick([0, 20_000]),
        connectedAt: pick([0, now - 900_000]),
        rule: pick(['', 'slow']),
      },
    });
    const then = pick(['closed', 'data', 'nothing']);
    if (then === 'closed')
      send({
        closed: {
          id,
          reason: pick(Object.values(CloseReason)),
          error: 0,
          errorText: pick(['', 'Connection reset']),
          closedAt: now - 1000,
          bytesUp: 500,
          bytesDown: pick([0, 99]),
          connectedAt: 0,
          datagramsUp: 0,
          datagramsDown: 0,
        },
      });
    else if (then === 'data')
      send({ data: { id, direction: Direction.up, offset: 0, bytes: Uint8Array.of(1), at: now, length: 0 } });
    if (pick([true, false]))
      store.setApplication(id, {
        protocol: pick(['http', 'tls']),
        summary: pick(['GET / 404', '']),
        ...(pick([true, false]) && { method: 'GET', status: pick([200, 404]) }),
        ...(pick([true, false]) && { failed: true }),
      });
  }
  return store;
}

const values: Record<string, string[]> = {
  process: ['node', '"no"', '*', '/^c/', 'n?de'], path: ['/usr/bin', '*'], command: ['"a b"', '*'], parent: ['zsh', '*'], pid: ['42', '1..50', '*'],
  host: ['*.example.com', 'api', '10.0.0.2', '*'], address: ['10.0.0.3', '*'], port: ['443', '80,443', '..100'], source: ['10.0.0.1'], 'source.port': ['1000'],
  protocol: ['tcp', 'udp', 'http', '*'], summary: ['GET', '*', '""'], method: ['GET', 'get', '*'], status: ['404', '*', '200..299'], state: ['open', 'closed', 'failed'],
  reason: ['eof', 'reset', '"reset by server"', '*'], error: ['reset', '*'], up: ['500'], down: ['99..30k'], bytes: ['500..'], duration: ['..2s', '*'],
  dial: ['..200ms', '*'], age: ['5s..'], start: ['2026-01-01..'], direction: ['inbound', 'outbound'], capture: ['run', '*'], rule: ['slow', '*'],
}; // prettier-ignore
const term = fc.constantFrom(
  ...Object.entries(values).flatMap(([field, list]) => list.map((v) => `${field}:${v}`)),
  'node',
  '443',
  '"reset"',
  'zzz',
  'a',
  'host=api.example.com',
  'down>=20000',
  'status!=200',
);
const query = fc.letrec<{ q: string }>((tie) => ({
  q: fc.oneof({ maxDepth: 3 }, term, fc.tuple(tie('q'), fc.constantFrom(' ', ' or '), tie('q')).map(([a, op, b]) => `(${a}${op}${b})`), tie('q').map((x) => `-(${x})`)),
})).q; // prettier-ignore

describe('scans of columns', () => {
  it('find the same flows as the predicate on flows', () => {
    const stores = [1, 2, 3].map(fill);
    fc.assert(
      fc.property(query, fc.constantFrom(...stores), (text, store) => {
        const parsed = parseQuery(text, now).query;
        assert.ok(parsed, text);
        const matches = compileQuery(parsed, () => now);
        const expected = Array.from({ length: store.size }, (_, i) => store.first + i).filter((id) =>
          matches(store.flow(id)!),
        );
        assert.deepEqual(scan(parsed, store, now), expected, text);
      }),
      { numRuns: 400 },
    );
  });
  it('judge a single row alike', () => {
    const store = fill(9);
    const test = compileScan(parseQuery('process:node down>10k').query!, store, makeContext(now));
    const slice = store.slice(store.first)!;
    assert.equal(typeof test(slice.group, slice.from), 'boolean');
    assert.equal(store.slice(store.end), undefined);
  });
});
