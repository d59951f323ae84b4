import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tokens } from '../../../src/webview/detail/tokens.ts';

const languages = ['json', 'xml', 'html', 'javascript', 'css', 'form', 'constructor', undefined];

describe('the colours of a body', () => {
  it('leave the text as it is', () => {
    const piece = fc.constantFrom('"', "'", '`', '\\', '<', '>', '!--', '-->', '/*', '*/', '//', '\n', '=', '&', ':', '#', 'ab', '12', ' '); // prettier-ignore
    const text = fc.oneof(fc.string(), fc.array(piece, { maxLength: 60 }).map((p) => p.join(''))); // prettier-ignore
    fc.assert(
      fc.property(text, fc.constantFrom(...languages), (body, language) => {
        const found = tokens(body, language);
        assert.equal(found.map((t) => t.text).join(''), body);
      }),
    );
  });
  it('tell keys, strings, numbers and words apart', () => {
    const kinds = (text: string, language: string): string[] =>
      tokens(text, language).flatMap((t) => (t.kind ? [`${t.kind} ${t.text}`] : []));
    assert.deepEqual(kinds('{"a" : "b\\"c", "d": [1.5e3, null]}', 'json'), ['key "a"', 'string "b\\"c"', 'key "d"', 'number 1.5e3', 'keyword null']); // prettier-ignore
    assert.deepEqual(kinds('<a href="x">it\'s</a><!-- c -->', 'html'), ['keyword <a', 'key href', 'string "x"', 'keyword >', 'keyword </a', 'keyword >', 'comment <!-- c -->']); // prettier-ignore
    assert.deepEqual(kinds('const a = 1; // x', 'javascript'), ['keyword const', 'number 1', 'comment // x']);
    assert.deepEqual(kinds('a { color: #fff }', 'css'), ['key color', 'number #fff']);
    assert.deepEqual(kinds('a=b&c', 'form'), ['key a', 'string b', 'string c']);
  });
  it('take time that grows with the text only, whatever it is', function () {
    this.timeout(20_000); // with a pattern that tries again from each place, each of these takes minutes
    const size = 256 * 1024;
    for (const unit of ['a', '"', '\\"', '<!--', '/*', "'", '`', '"\\', '<', '=', 'a ', '="', '1', '-', '&', ' ', '\t:'])
      for (const language of languages)
        assert.equal(tokens(unit.repeat(size / unit.length), language).reduce((n, t) => n + t.text.length, 0), Math.floor(size / unit.length) * unit.length); // prettier-ignore
  });
});
