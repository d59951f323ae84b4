import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseOpenStep } from '../../../src/plist/openstep.ts';
import { decodeQuoted, encodeString } from '../../../src/plist/openstepString.ts';
import { entry, lookup, stringsOf } from '../../../src/plist/value.ts';

describe('OpenStep property lists', () => {
  const text = `// !$*UTF8*$!
{
	objects = {
		1A /* App */ = {isa = PBXNativeTarget; name = "My \\"App\\""; files = (a, "b c" /* x */, ); data = <0aff>; };
	};
	rootObject = 1A /* Project */;
}
`;
  const document = parseOpenStep(text);

  it('gives values with their places', () => {
    assert.deepEqual(document.errors, []);
    const target = lookup(document.root, 'objects', '1A');
    const name = lookup(target, 'name');
    assert.equal(name?.kind === 'string' && name.value, 'My "App"');
    assert.equal(text.slice(name!.range.start, name!.range.end), '"My \\"App\\""');
    assert.equal(text.slice(name!.inner.start, name!.inner.end), 'My \\"App\\"');
    assert.deepEqual(
      stringsOf(lookup(target, 'files')).map((s) => s.value),
      ['a', 'b c'],
    );
    const data = lookup(target, 'data');
    assert.deepEqual(data?.kind === 'data' && [...data.value], [10, 255]);
    const key = entry(document.root, 'rootObject')!;
    assert.equal(text.slice(key.keyRange.start, key.keyRange.end), 'rootObject');
    assert.equal(text.slice(key.range.start, key.range.end), 'rootObject = 1A');
  });

  for (const [name, broken, code] of [
    ['an unclosed dictionary', '{ a = b;', 'unclosed'],
    ['an unclosed string', '{ a = "b', 'unclosed'],
    ['an unclosed comment', '{ a = b; /* ', 'unclosed'],
    ['a missing value', '{ a; b = c; }', 'missing-value'],
    ['a missing semicolon', '{ a = b c = d; }', 'syntax'],
    ['text after the end', '{ } x', 'stray-text'],
    ['an odd number of digits', '{ a = <abc>; }', 'bad-value'],
    ['an empty file', ' // nothing', 'empty'],
    ['too deep a nesting', '('.repeat(10_000), 'limit'],
  ] as const)
    it(`says what is wrong with ${name}`, () => {
      const { errors } = parseOpenStep(broken);
      assert.ok(
        errors.some((e) => e.code === code),
        JSON.stringify(errors),
      );
      for (const { range } of errors)
        assert.ok(range.start >= 0 && range.start <= range.end && range.end <= broken.length);
    });

  it('keeps what stands around a mistake', () => {
    const { root } = parseOpenStep('{ a = 1; = ; b = 2; }');
    assert.equal(lookup(root, 'b')?.kind, 'string');
  });

  it('never throws, and every range lies in the text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '(',
        ')',
        '=',
        ';',
        ',',
        '"',
        "'",
        '\\',
        '<',
        '>',
        '/*',
        '*/',
        '//',
        '\n',
        'a',
        '\u{1f600}',
        '\0',
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const broken = parts.join('');
        const parsed = parseOpenStep(broken);
        for (const { range } of parsed.errors) assert.ok(range.start <= range.end && range.end <= broken.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes strings that it reads again', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const found = parseOpenStep(`{ k = ${encodeString(value)}; }`);
        const read = lookup(found.root, 'k');
        assert.equal(read?.kind === 'string' && read.value, value);
        assert.deepEqual(found.errors, []);
      }),
    );
    assert.equal(decodeQuoted('\\U0041\\101\\n'), 'AA\n');
  });
});
