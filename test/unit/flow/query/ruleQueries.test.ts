// The queries of rules are evaluated in C++ when a flow opens (sysext/core/query*.cc). They are the same language: what
// C++ takes means there what it means here, and what it refuses beyond that, it refuses for a reason of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { Protocol, ProxyFrame } from '../../../../gen/flow_pb.ts';
import { compileQuery } from '../../../../src/flow/query/match.ts';
import { parseQuery } from '../../../../src/flow/query/parse.ts';
import { FlowStore } from '../../../../src/flow/store.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const peer = path.join(root, 'out/asan/rules-peer');

const names = ['curl', 'Node', 'my tool', 'a,b', "o'neil", 'größe', ''];
const hosts = ['', 'api.example.com', 'Example.ORG', 'xn--bcher-kva.example', 'größe.test'];
const addresses = [
  Uint8Array.of(192, 0, 2, 1),
  Uint8Array.of(127, 0, 0, 1),
  new Uint8Array(16),
  Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  Uint8Array.of(0x20, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7),
  Uint8Array.of(0xfe, 0x80, 0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7),
];

/** Flows with a bit of everything, as a proxy tells them. */
const frames: readonly Uint8Array[] = Array.from({ length: 240 }, (_, i) => {
  const pick = <T>(values: readonly T[], step: number): T => values[Math.floor(i / step) % values.length]!;
  return ProxyFrame.encode({
    opened: {
      id: i + 1,
      protocol: pick([Protocol.tcp, Protocol.udp], 1),
      ...(i % 11 && {
        process: {
          pid: pick([0, 7, 1234], 3),
          name: pick(names, 1),
          path: pick(['/usr/bin/curl', '/opt/My Tool/x', ''], 2),
          arguments: pick([[], ['curl', '-v', 'https://x/']], 5),
          uid: 1,
          ancestors: pick(
            [
              [],
              [{ pid: 1, name: 'zsh' }],
              [
                { pid: 3, name: 'make' },
                { pid: 1, name: 'systemd' },
              ],
            ],
            4,
          ),
          signingId: '',
          teamId: '',
        },
      }),
      source: { address: pick(addresses, 6), port: pick([1000, 50_000, 0], 2) },
      destination: { address: pick(addresses, 1), port: pick([53, 80, 443, 8443, 65_535], 3) },
      host: pick(hosts, 2),
      openedAt: 1,
      inbound: i % 7 === 0,
      capture: pick(['run-1', 'tests'], 9),
      bytesUp: 0,
      bytesDown: 0,
      connectedAt: 0,
      rule: '',
    },
  }).finish();
});

const store = new FlowStore({}, { schedule: () => {}, now: () => 2 });
const source = store.addSource();
for (const frame of frames) store.feed(source, frame);
const flows = Array.from({ length: store.end - store.first }, (_, i) => store.flow(store.first + i)!);

type Answer =
  { readonly verdicts: string } | { readonly line: number; readonly column: number; readonly message: string };

/** What C++ makes of each rules file. */
function askCpp(files: readonly string[]): Answer[] {
  const parts = [...frames, Buffer.alloc(0), ...files.map((f) => Buffer.from(f))];
  const input = Buffer.concat(
    parts.flatMap((part) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(part.length);
      return [size, part];
    }),
  );
  const { status, stdout, stderr, error } = spawnSync(peer, { input, maxBuffer: 1 << 28 });
  assert.equal(status, 0, error?.message ?? String(stderr));
  return String(stdout)
    .split('\n')
    .slice(0, -1)
    .map((line): Answer => {
      if (line.startsWith('rules ')) return { verdicts: line.slice(6) };
      const [, at, column, message] = /^error (\d+) (\d+) (.*)$/.exec(line)!;
      return { line: Number(at), column: Number(column), message: message! };
    });
}

/** What C++ refuses although it is a query. */
const ownReasons =
  /not known when a flow opens|no regular expressions|is no direction|does not say which flows|There are more/;

function compare(queries: readonly string[]): { taken: number; refused: number } {
  const count = { taken: 0, refused: 0 };
  askCpp(queries.map((q) => `block ${q}`)).forEach((answer, i) => {
    const text = queries[i]!;
    const { query, error } = parseQuery(text);
    if ('verdicts' in answer) {
      assert.ok(query, `C++ takes what TypeScript refuses: ${text}: ${error?.message}`);
      const matches = compileQuery(query);
      assert.equal(answer.verdicts, flows.map((f) => (matches(f) ? '1' : '0')).join(''), text);
      count.taken++;
      return;
    }
    count.refused++;
    if (ownReasons.test(answer.message)) return;
    assert.ok(error, `C++ refuses ${text}: ${answer.message}`);
    const column = 'block '.length + Array.from(text.slice(0, error.start)).length + 1;
    assert.equal(answer.column, column, `${text}: ${answer.message} | ${error.message}`);
  });
  return count;
}

const fields = ['process', 'path', 'command', 'parent', 'pid', 'host', 'address', 'destination', 'port', 'source', 'source.port', 'protocol', 'direction', 'capture', 'Host', 'status', 'nothing']; // prettier-ignore
const values = ['curl', 'NODE', 'my', '"my tool"', "'a,b'", "o'neil", '"x\\"y"', 'größe', '*', '*.example.com', '*ex?mple*', 'gr?ße*', '192.0.2.1', '::', '2001:*', '::ffff:192*', '80', '80,443', '1..100', '400..', '..53', '1k', '.05k', '1.001k', '0.0', '9..1', 'tcp', 'UDP', 'tcp,udp', 't?p', 'http', 'inbound', 'out*', '', '/usr/bin', '/^c/', '/x/i', '""', 'a,', '"open', '(']; // prettier-ignore
const field = fc.constantFrom(...fields);
const value = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'a b 1 . * ? , / " \' ( ) [ ] \\ - ! : = < > k ß'.split(' '), ' ') }) }); // prettier-ignore
const operator = fc.oneof({ weight: 5, arbitrary: fc.constant(':') }, fc.constantFrom('=', '!=', '>', '>=', '<', '<='));
const term = fc.oneof({ weight: 4, arbitrary: fc.tuple(field, operator, value).map((t) => t.join('')) }, { weight: 1, arbitrary: value }); // prettier-ignore
const glue = fc.constantFrom(' ', ' ', '\t', ' and ', ' or ', ' OR ', ' || ', ' not ', ' -', '\u00a0', '\u3000', ' ! ');
const { query: anyQuery } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    term,
    fc.tuple(tie('query'), glue, tie('query')).map((t) => t.join('')),
    tie('query').map((q) => `(${q})`),
    tie('query').map((q) => `not ${q}`),
  ),
}));
// `#` begins a comment in a rules file, and these begin an action.
const text = anyQuery.filter((q) => !q.includes('#') && !/^\s*(block|reset|delay|rate|pass)(\s|$)/i.test(q));

describe('queries of rules', function () {
  this.timeout(300_000);

  before(() => {
    const built = spawnSync(process.execPath, ['scripts/build-native.mjs', '--variant', 'asan', 'rules-peer'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stderr);
  });

  it('mean in C++ what they mean in TypeScript, each field and value', () => {
    const operators = [':', '=', '!=', '>', '>=', '<', '<='];
    const count = compare(fields.flatMap((f) => operators.flatMap((o) => values.map((v) => `${f}${o}${v}`))));
    assert.ok(count.taken > 700 && count.refused > 700, JSON.stringify(count));
  });

  it('mean in C++ what they mean in TypeScript, joined in every way', () => {
    const count = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(text, { minLength: 200, maxLength: 400 }), (queries) => {
        const { taken, refused } = compare(queries);
        count.taken += taken;
        count.refused += refused;
      }),
      { numRuns: 8 },
    );
    assert.ok(count.taken > 300 && count.refused > 300, JSON.stringify(count));
  });

  it('are written in the documentation and in the help as they are understood', () => {
    const fromDocs = /```\n(# What[^]*?)```/.exec(
      fs.readFileSync(path.join(root, 'docs/rules-of-flows.md'), 'utf8'),
    )![1]!;
    const help = fs.readFileSync(path.join(root, 'src/cli/commands/rules.ts'), 'utf8');
    const fromHelp = [...help.matchAll(/^ {2}(?:block|reset|delay|pass) .* # .*$/gm)].join('\n');
    assert.equal(fromHelp.split('\n').length, 4);
    for (const answer of askCpp([fromDocs, fromHelp])) assert.ok('verdicts' in answer, JSON.stringify(answer));
  });

  it('nest as deep, and are as long, as elsewhere', () => {
    const deep = (n: number): string => `${'('.repeat(n)}port:80${')'.repeat(n)}`;
    compare([deep(63), deep(64), `${'not '.repeat(63)}curl`, `${'-'.repeat(64)}curl`, `${'curl '.repeat(700)}`]);
  });
});
