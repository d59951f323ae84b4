import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { translated } from '../../../src/editor/problems.ts';
import { message, wordsOf, type Translator } from '../../../src/flow/message.ts';
import { translatedError } from '../../../src/flow/query/ast.ts';
import { completeQuery } from '../../../src/flow/query/complete.ts';
import { parseQuery } from '../../../src/flow/query/parse.ts';
import { problem, problemCodes } from '../../../src/proxy/problems.ts';

const bundle = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../../l10n/bundle.l10n.json'), 'utf8'),
) as Record<string, string>;

/** A language in which every sentence of the bundle is the English one in brackets. */
const bracketed: Translator = (text, ...args) => {
  assert.ok(text in bundle, `not in the bundle: ${text}`);
  return `[${wordsOf(message(text, ...args))}]`;
};

describe('messages of the pure folders', () => {
  it('are put together with their arguments, as they are', () => {
    assert.equal(wordsOf(message('{1} before {0}, {0}', 'a {1}', 2)), '2 before a {1}, a {1}');
    assert.equal(wordsOf(message('it needs {0}', message('a {0}', 'size'))), 'it needs a size');
    assert.equal(wordsOf(message('{0} and {1}', 'one')), 'one and {1}');
  });
  it('are translated, phrases within them too', () => {
    assert.equal(wordsOf(message('{0}', message('a number')), bracketed), '[[a number]]');
  });

  const wrong = [
    'a'.repeat(5000), ')', 'a)', 'host:a and', '('.repeat(70), '(a', 'or', 'hots:a', 'zzzzzz:a', 'host:', 'host>a', 'port:"a"',
    'down>x', 'port:9..3', 'port:80,', 'state:opne', '"a', 'host:/a/g', 'host:/(a/', 'host:/(a?){400}a{400}/', 'start>25h',
    'host:/a{400}/ '.repeat(6),
  ]; // prettier-ignore
  it('tell of every error of a query, with the place', () => {
    const seen = new Set<string>();
    for (const text of wrong) {
      const { error } = parseQuery(text);
      assert.ok(error, text);
      seen.add(error.said.text);
      assert.equal(wordsOf(error.said), error.message);
      const { message: words, ...place } = translatedError(error, bracketed);
      assert.match(words, /^\[.*\]$/s);
      assert.equal(words.replace(/[[\]]/g, ''), error.message.replace(/[[\]]/g, ''));
      assert.deepEqual(place, { start: error.start, end: error.end });
    }
    const known = readFileSync(path.resolve(import.meta.dirname, '../../../src/flow/query/parse.ts'), 'utf8');
    assert.equal(seen.size, [...known.matchAll(/(?<!\w)message\(/g)].length, 'an error has no example here');
  });
  it('tell of fields in completion', () => {
    for (const { detail } of completeQuery('', 0, () => [], bracketed)) assert.match(detail, /^\[.*\]$/);
    for (const { detail } of completeQuery('method:', 7, () => [], bracketed)) assert.equal(detail, '[HTTP method]');
  });

  for (const code of problemCodes)
    it(`tell of the problem ${code}`, () => {
      for (const detail of ['', 'x', '{0} $& [y]', 'two\nlines']) {
        const { text, next } = translated(problem(code, detail), bracketed);
        assert.equal(next, `[${problem(code).next}]`);
        assert.match(text, /^\[.*\]$/s);
        assert.equal(text.slice(1, -1).trimEnd(), problem(code, detail).text);
      }
    });
  it('leave alone what another program said', () => {
    const said = { code: 'app-waits', text: 'The app says this.', next: 'And that.' } as const;
    assert.deepEqual(translated(said, bracketed), said);
  });
});
