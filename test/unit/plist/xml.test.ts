import assert from 'node:assert/strict';
import { parser as peer } from '@lezer/xml';
import fc from 'fast-check';
import type { PlistDocument, PlistValue } from '../../../src/plist/value.ts';
import { entry, lookup } from '../../../src/plist/value.ts';
import { maxDepth, parseXmlPlist } from '../../../src/plist/xml.ts';
import { applyEdits, emptyPlist } from '../../../src/plist/xmlEdit.ts';
import type { Plain } from '../../../src/plist/xmlEdit.ts';

const parse = (body: string): PlistDocument => parseXmlPlist(`<plist version="1.0">${body}</plist>`);
const codes = (document: PlistDocument): string[] => document.errors.map((e) => e.code);

/** What a value stands for, without places. */
function plain(value: PlistValue | undefined): unknown {
  if (value?.kind === 'dict') return Object.fromEntries(value.entries.map((e) => [e.key, plain(e.value)]));
  return value?.kind === 'array' ? value.items.map(plain) : value?.value;
}

const values = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    fc.string({ unit: 'binary' }).map((s) => s.replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, '')),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('XML property lists', () => {
  it('reads back what is written, whatever the style', () => {
    fc.assert(
      fc.property(values, fc.constantFrom('\n', '\r\n'), fc.constantFrom('\t', '  '), (value, eol, unit) => {
        const document = parseXmlPlist(emptyPlist({ eol, unit }, value));
        assert.deepEqual(codes(document), []);
        assert.deepEqual(plain(document.root), value);
      }),
      { numRuns: 300 },
    );
  });

  it('knows the place of every value and key', () => {
    const text = '<plist><dict>\n\t<key>a&amp;b</key>\n\t<array><string>x</string><true/></array>\n</dict></plist>';
    const { root } = parseXmlPlist(text);
    const cut = (range: { start: number; end: number }): string => text.slice(range.start, range.end);
    const found = entry(root, 'a&b')!;
    assert.equal(cut(found.keyRange), 'a&amp;b');
    assert.equal(cut(found.keyElement), '<key>a&amp;b</key>');
    assert.equal(cut(found.range), text.slice(text.indexOf('<key>'), text.indexOf('\n</dict>')));
    const array = lookup(root, 'a&b')!;
    assert.ok(array.kind === 'array');
    assert.deepEqual(
      array.items.map((item) => cut(item.range)),
      ['<string>x</string>', '<true/>'],
    );
    assert.equal(cut(array.items[0]!.inner), 'x');
  });

  it('sees the same elements as another XML parser, in well-formed files', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = emptyPlist({ eol: '\n', unit: '\t' }, value);
        const theirs: string[] = [];
        peer.parse(text).iterate({
          enter: (node) => {
            if (node.name === 'Element' && !/^<(plist|key)/.test(text.slice(node.from, node.from + 6)))
              theirs.push(`${node.from}-${node.to}`);
          },
        });
        const ours: string[] = [];
        const walk = (v: PlistValue): void => {
          ours.push(`${v.range.start}-${v.range.end}`);
          if (v.kind === 'dict') for (const e of v.entries) walk(e.value!);
          if (v.kind === 'array') v.items.forEach(walk);
        };
        walk(parseXmlPlist(text).root!);
        assert.deepEqual(ours, theirs);
      }),
      { numRuns: 100 },
    );
  });

  it('reads every type', () => {
    const { root } = parse(
      '<array><integer>-0x1F</integer><integer>+7</integer><real>1.5e3</real><real>nan</real><date>2026-02-24T13:15:36Z</date>' +
        '<data>\n\tAQID\n</data><string><![CDATA[a<b]]>&#x41;&#66;</string><true></true></array>',
    );
    assert.ok(root?.kind === 'array');
    assert.deepEqual(
      root.items.map((item) => item.kind),
      ['integer', 'integer', 'real', 'real', 'date', 'data', 'string', 'boolean'],
    );
    assert.deepEqual(plain(root.items[0]), -31n);
    assert.deepEqual(plain(root.items[2]), 1500);
    assert.deepEqual(plain(root.items[5]), new Uint8Array([1, 2, 3]));
    assert.equal(plain(root.items[6]), 'a<bAB');
  });

  const mistakes: readonly (readonly [string, string, string[]])[] = [
    ['an unclosed key', '<dict><key>a<string>x</string></dict>', ['unclosed']],
    [
      'an unclosed array before the next key',
      '<dict><key>a</key><array><string>x</string><key>b</key><true/></dict>',
      ['unclosed'],
    ],
    ['a misspelt close tag', '<dict><key>a</key><string>x</strin></dict>', ['syntax']],
    ['a stray close tag', '<dict><key>a</key><true/></array></dict>', ['stray-close']],
    ['a key without a value', '<dict><key>a</key></dict>', ['missing-value']],
    ['two keys in a row', '<dict><key>a</key><key>b</key><true/></dict>', ['missing-value']],
    ['a value without a key', '<dict><true/></dict>', ['missing-key']],
    ['stray text', '<dict>x<key>a</key><true/></dict>', ['stray-text']],
    ['an unknown element', '<dict><key>a</key><yes/></dict>', ['missing-value', 'unknown-element']],
    ['a second value', '<dict/><dict/>', ['bad-root']],
    ['a bare ampersand', '<string>a & b</string>', ['bad-entity']],
    ['an unknown entity', '<string>&nbsp;</string>', ['bad-entity']],
    ['a number that is none', '<integer>ten</integer>', ['bad-value']],
    ['a number beyond 64 bits', '<integer>99999999999999999999</integer>', ['bad-value']],
    ['a tag without its end', '<dict><key>a</key><true/</dict>', ['syntax']],
    ['NUL', '<string>a\0b</string>', ['syntax']],
    ['a comment without end', '<dict/><!-- a', ['comment', 'unclosed']],
  ];
  for (const [name, body, expected] of mistakes)
    it(`reports ${name}, and keeps the rest`, () => {
      const document = parse(body);
      assert.deepEqual(codes(document).sort(), [...expected].sort());
      assert.ok(document.root);
    });

  it('mends what it offers to mend', () => {
    for (const [name, body] of mistakes) {
      const document = parse(body);
      for (const error of document.errors) {
        if (!error.fix) continue;
        const mended = parseXmlPlist(applyEdits(document.text, error.fix.edits));
        assert.ok(mended.errors.length < document.errors.length, `${name}: ${error.fix.title}`);
      }
    }
  });

  it('puts a missing close tag on its own line, as deep as its open tag', () => {
    const text =
      '<plist>\n<dict>\n\t<key>a</key>\n\t<array>\n\t\t<string>x</string>\n\t<key>b</key>\n\t<true/>\n</dict>\n</plist>\n';
    const { errors } = parseXmlPlist(text);
    const mended = applyEdits(text, errors[0]!.fix!.edits);
    assert.equal(mended, text.replace('</string>\n', '</string>\n\t</array>\n'));
  });

  it('never reads declared or external entities', () => {
    const document = parseXmlPlist(
      '<!DOCTYPE plist [<!ENTITY a "bomb"><!ENTITY b SYSTEM "file:///etc/passwd">]><plist><string>&a;&b;</string></plist>',
    );
    assert.deepEqual(codes(document), ['doctype', 'bad-entity', 'bad-entity']);
    assert.equal(plain(document.root), '&a;&b;');
  });

  it('stops building where it is nested too deep, and says so once', () => {
    const depth = 10_000;
    const document = parse('<array>'.repeat(depth) + '</array>'.repeat(depth));
    assert.deepEqual(codes(document), ['limit']);
    let levels = 0;
    for (let v = document.root; v?.kind === 'array'; v = v.items[0]) levels++;
    assert.equal(levels, maxDepth);
  });

  it('lists a bounded number of mistakes', () => {
    assert.equal(parse('</a>'.repeat(5000)).errors.length, 101);
  });
});
