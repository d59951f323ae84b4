// Grammar, snippets and language configuration: plain data that the editor reads without saying what is wrong in it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { checkContext } from '../../../src/entitlements/check.ts';
import { exampleContext } from '../../../src/entitlements/rules/example.ts';
import { parseXmlPlist } from '../../../src/plist/xml.ts';

const root = new URL('../../../', import.meta.url);
const json = (file: string): unknown => JSON.parse(readFileSync(new URL(file, root), 'utf8'));

interface Pattern {
  readonly include?: string;
  readonly name?: string;
  readonly contentName?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly patterns?: readonly Pattern[];
}
const grammar = json('syntaxes/entitlements.tmLanguage.json') as {
  readonly patterns: readonly Pattern[];
  readonly repository: Readonly<Record<string, Pattern>>;
};
const everyPattern = (pattern: Pattern): readonly Pattern[] => [
  pattern,
  ...(pattern.patterns ?? []).flatMap(everyPattern),
];
const all = [...grammar.patterns, ...Object.values(grammar.repository)].flatMap(everyPattern);
const matches = (rule: string, text: string): boolean => {
  const { match, begin } = grammar.repository[rule]!;
  return new RegExp(`^(?:${match ?? begin})`).test(text);
};

describe('the grammar', () => {
  it('includes only rules that it has, and has only rules that it includes', () => {
    const included = new Set(all.flatMap((p) => (p.include === undefined ? [] : [p.include.slice(1)])));
    assert.deepEqual([...included].sort(), Object.keys(grammar.repository).sort());
  });

  it('has patterns that compile, and scopes of its own', () => {
    for (const { match, begin, end, name } of all) {
      for (const pattern of [match, begin]) if (pattern !== undefined) assert.doesNotThrow(() => new RegExp(pattern));
      if (begin !== undefined) assert.ok(end !== undefined, begin);
      if (name !== undefined) assert.match(name, /\.entitlements$/);
    }
  });

  it('knows each element', () => {
    for (const [rule, text] of [
      ['key', '<key>'],
      ['string', '<string>'],
      ['number', '<integer>1</integer>'],
      ['number', '<real>1.5</real>'],
      ['data', '<data>'],
      ['boolean', '<true/>'],
      ['boolean', '<false></false>'],
      ['container', '<dict>'],
      ['container', '</array>'],
      ['container', '<plist version="1.0">'],
      ['variable', '$(TeamIdentifierPrefix)'],
      ['variable', '${NAME:rfc1034identifier}'],
      ['unknown', '<yes/>'],
      ['instruction', '<?xml version="1.0"?>'],
    ] as const)
      assert.ok(matches(rule, text), `${rule} ${text}`);
    for (const [rule, text] of [
      ['number', '<integer>'],
      ['container', '<dictionary>'],
      ['boolean', '<truth/>'],
    ] as const)
      assert.ok(!matches(rule, text), `${rule} ${text}`);
  });
});

describe('the snippets', () => {
  const snippets = json('syntaxes/entitlements-snippets.json') as Readonly<
    Record<string, { readonly prefix: string; readonly body: readonly string[]; readonly description: string }>
  >;

  it('have prefixes of their own', () => {
    const prefixes = Object.values(snippets).map((s) => s.prefix);
    assert.equal(new Set(prefixes).size, prefixes.length);
  });

  for (const [name, { body, description }] of Object.entries(snippets))
    for (const choice of [0, 1])
      it(`${name}, choice ${choice + 1}, is a file without findings`, () => {
        const text = body
          .join('\n')
          .replace(/\$\{\d\|([^|]*)\|\}/g, (_, list: string) => list.split(',')[choice]!)
          .replace(/\$\{\d:([^}]*)\}/g, '$1')
          .replace(/\\\$/g, '$');
        assert.deepEqual(parseXmlPlist(text).errors, []);
        const findings = checkContext(exampleContext(text, { processedBy: 'xcode' }));
        assert.deepEqual(
          findings.map((f) => `${f.rule} ${f.message}`),
          [],
        );
        assert.ok(description.endsWith('.'));
      });
});

it('the manifest names files that are there', () => {
  const { contributes } = json('package.json') as {
    contributes: Record<'languages' | 'grammars' | 'snippets', readonly { path?: string; configuration?: string }[]>;
  };
  const files = [...contributes.languages, ...contributes.grammars, ...contributes.snippets].map(
    (c) => c.path ?? c.configuration!,
  );
  for (const file of files) assert.ok(existsSync(new URL(file, root)), file);
});
