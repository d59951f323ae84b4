import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Flow } from '../../../../src/flow/model.ts';
import { completeQuery } from '../../../../src/flow/query/complete.ts';
import { fields } from '../../../../src/flow/query/fields.ts';
import { compileQuery } from '../../../../src/flow/query/match.ts';
import { maxQueryLength, parseQuery } from '../../../../src/flow/query/parse.ts';

const now = Date.parse('2026-03-04T12:00:00') * 1000;
const flow = (over: Partial<Flow> = {}): Flow => ({
  id: 1,
  protocol: 'tcp',
  process: {
    pid: 42,
    name: 'node',
    path: '/usr/bin/node',
    arguments: ['node', 'server.js'],
    uid: 1000,
    ancestors: [{ pid: 1, name: 'zsh' }],
  },
  source: { address: '198.18.0.2', port: 40000 },
  destination: { address: '203.0.113.7', port: 443 },
  host: 'api.example.com',
  inbound: false,
  capture: '',
  openedAt: now - 5e6,
  connectedAt: now - 4.9e6,
  closedAt: now - 3e6,
  bytesUp: 500,
  bytesDown: 20_000,
  datagramsUp: 0,
  datagramsDown: 0,
  state: 'closed',
  reason: 'reset by server',
  error: 104,
  errorText: 'Connection reset by peer',
  rule: '',
  application: { protocol: 'http', summary: 'GET /index.html 404', method: 'GET', status: 404 },
  ...over,
});
function matches(text: string, over: Partial<Flow> = {}): boolean {
  const { query, error } = parseQuery(text, now);
  assert.ok(query, `${text}: ${error?.message}`);
  return compileQuery(query, () => now)(flow(over));
}

describe('queries', () => {
  const yes = [
    '', 'process:node', 'PROCESS:NODE', 'host:*.example.com', 'port:443', 'port:80,443', 'port:400..500', 'port:..443', 'down>10k', 'down>=20000',
    'down<20.001k', 'up:0.5k', 'state:closed', 'state:failed', 'status>=400', 'method:get', 'protocol:http', 'protocol:tcp', 'protocol:udp,tcp',
    '"index.html"', 'index', 'node and 443', '-process:curl', 'not process:curl', 'process:curl or host:api', '(process:curl or process:node) port:443',
    'host:/^api\\./', 'host:/^API/i', 'reason:reset', 'reason:"reset by server"', 'reason=*', 'duration>1s', 'duration:1.9s..2.1s', 'dial<200ms', 'age>4s',
    'start>11:59', 'start:2026-03-04T11:00..2026-03-04T13:00', 'error:reset', 'parent:zsh', 'path:/usr/bin', 'path:/usr/bin/node', 'command:server.js', 'pid=42',
    'process!=curl', 'direction:outbound', 'host=api.example.com', 'address:203.0.113.*', 'bytes>20k', 'process:n?de', 'source.port:40000', 'status:*',
    'path:/usr/bin process:/^n/', '(path:/usr/bin (process:/^n/))', 'path:/bin[/]node/', 'path:/bin\\/node/i',
  ]; // prettier-ignore
  for (const q of yes) it(`matches: ${q || '(empty)'}`, () => assert.equal(matches(q), true));
  const no = ['process:curl', 'port:80', 'down>1M', '-process:node', 'host=example.com', 'host:/^API/', 'protocol=htt', 'not (process:node)', 'rule:*', 'status<400', 'node 80', 'method:ge']; // prettier-ignore
  for (const q of no) it(`does not match: ${q}`, () => assert.equal(matches(q), false));

  it('knows flows without a status or an answer', () => {
    const { application: _, ...plain } = flow();
    assert.equal(compileQuery(parseQuery('status:*').query!)(plain), false);
    assert.equal(matches('dial>0', { connectedAt: 0 }), false);
  });

  const wrong: [string, RegExp, string][] = [
    ['prot:443', /no field "prot".*Did you mean "port"/, 'prot'],
    ['xyzzy:1', /There are: process/, 'xyzzy'],
    ['port:abc', /"abc" does not fit "port".*number/, 'abc'],
    ['down>10q', /size such as/, '10q'],
    ['duration>soon', /time such as 20ms/, 'soon'],
    ['process>5', /is text/, '5'],
    ['host:', /value is missing/, 'host:'],
    ['(a', /not closed/, '('],
    ['a)', /closes nothing/, ')'],
    ['a or', /missing at the end/, ''],
    ['or a', /missing before "or"/, 'or'],
    ['"abc', /quotation mark/, '"abc'],
    ['host:/(a/', /not understood/, '/(a/'],
    ['host:/a(?=b)/', /look-around/, '/a(?=b)/'],
    ['host:/a/g', /only flag/, '/a/g'],
    ['port:9..3', /range/, '9..3'],
    ['port:80,', /missing in this list/, '80,'],
    ['state:opne', /There are: open/, 'opne'],
    ['start>25h', /12:30/, '25h'],
  ];
  for (const [text, message, place] of wrong)
    it(`says what is wrong with ${text}`, () => {
      const { error } = parseQuery(text, now);
      assert.ok(error);
      assert.match(error.message, message);
      assert.equal(text.slice(error.start, error.end), place);
    });
  it('takes the names of object members for plain words', () => {
    for (const word of ['__proto__', 'constructor', 'toString']) assert.equal(matches(word), false);
    assert.match(parseQuery('down>10constructor').error!.message, /size such as/);
  });
  it('bounds length and depth', () => {
    assert.match(parseQuery('a'.repeat(maxQueryLength + 1)).error!.message, /longer/);
    assert.match(parseQuery('('.repeat(2000)).error!.message, /deep/);
    assert.match(parseQuery('-'.repeat(2000) + 'a').error!.message, /deep/);
  });
  it('finishes hostile expressions', () => {
    const text = 'a'.repeat(5000);
    assert.equal(matches('host:/^(a+)+$/', { host: `${text}!` }), false);
    assert.equal(matches(`host:${'*a'.repeat(300)}b`, { host: text }), false);
  });
  // Each needs more steps than there are atoms where an engine tries every way.
  for (const evil of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^(.*a){20}$', '^((a*)*)*$', '^(a?){60}a{60}$', '(x+x+)+y', '^(\\w+\\s?)*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])
    it(`finishes /${evil}/`, () => {
      for (const text of ['a'.repeat(1024), `${'a'.repeat(1023)}!`, 'x'.repeat(1024)]) matches(`host:/${evil}/i`, { host: text });
    }); // prettier-ignore
  it('refuses expressions that unfold to thousands of steps', () => {
    for (const large of [
      '(a?){400}a{400}',
      '[a-z]{900}',
      '((a{30}){30}){30}',
      Array.from({ length: 200 }, (_, i) => `${i}word`).join('|'),
    ])
      assert.match(parseQuery(`host:/${large}/`).error?.message ?? '', /too large|not understood/, large);
  });
  it('refuses many expressions that are large together, and says where it became too much', () => {
    const one = 'host:/(abcdefgh){40}/ ';
    assert.equal(parseQuery(one.repeat(4)).error, undefined);
    const { error } = parseQuery(one.repeat(20));
    assert.match(error?.message ?? '', /too large together/);
    assert.equal((error!.start - 'host:'.length) % one.length, 0);
    assert.ok(error!.start >= one.length * 4);
  });
  it('never throws, and its errors lie within the text', () => {
    const piece = fc.constantFrom(
      'process',
      'port',
      ':',
      '>',
      '>=',
      '=',
      '"',
      "'",
      '/',
      '(',
      ')',
      'and',
      'or',
      'not',
      '-',
      '*',
      '443',
      '10k',
      '..',
      ',',
      ' ',
      'ä',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((p) => p.join('')),
        ),
        (text) => {
          const { query, error } = parseQuery(text, now);
          if (query) compileQuery(query, () => now)(flow());
          else assert.ok(error.start >= 0 && error.start <= error.end && error.end <= text.length);
        },
      ),
      { numRuns: 1000 },
    );
  });
  it('completes fields, words and seen values', () => {
    const labels = (text: string, seen?: (f: string) => string[]): string[] =>
      completeQuery(text, text.length, seen).map((c) => c.label);
    assert.deepEqual(labels('proc').slice(0, 1), ['process']);
    assert.ok(labels('').length > fields.length);
    assert.deepEqual(labels('a state:o'), ['open', 'closed']);
    assert.deepEqual(
      labels('process:', () => ['my app', 'curl']),
      ['my app', 'curl'],
    );
    const [app] = completeQuery('process:my', 10, () => ['my app']);
    assert.deepEqual([app!.insert, app!.start, app!.end], ['"my app"', 8, 10]);
    assert.deepEqual(labels('protocol:tcp,ud'), ['udp']);
  });
});
