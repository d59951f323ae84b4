import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exampleFile } from '../../../../src/entitlements/rules/example.ts';
import { createEntitlementsService } from '../../../../src/entitlements/service.ts';
import { parseXmlPlist } from '../../../../src/plist/xml.ts';
import { applyEdits } from '../../../../src/plist/xmlEdit.ts';
import { numbers } from '../../../support/damaged-plists.ts';
import { projectIndex } from '../../../support/project-index.ts';

const service = createEntitlementsService();
const sample = exampleFile(
  '<key>com.apple.security.app-sandbox</key>\n<true/>\n<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider$(NE_SUFFIX)</string>\n</array>',
);

describe('the language service', () => {
  it('validates entitlements and leaves other lists alone', () => {
    const bad = exampleFile('<key>com.apple.security.nothing</key>\n<true/>');
    assert.deepEqual(
      service.validate('a.entitlements', bad).map((f) => f.rule),
      ['ENT007'],
    );
    assert.deepEqual(service.validate('Settings.plist', exampleFile('<key>colour</key>\n<real>1</real>')), []);
    assert.deepEqual(service.validate('Info.plist', exampleFile('<key>CFBundleName</key>\n<real>1</real>')), []);
    const unnamed = service.validate(
      'App.plist',
      exampleFile('<key>com.apple.security.app-sandbox</key>\n<string>YES</string>'),
    );
    assert.deepEqual(
      unnamed.map((f) => f.rule),
      ['ENT006'],
    );
  });

  it('sets severities and turns rules off', () => {
    const bad = exampleFile('<key>com.apple.security.nothing</key>\n<true/>');
    const with_ = (severity: 'off' | 'error') =>
      createEntitlementsService({ config: () => ({ severity: (id) => (id === 'ENT007' ? severity : undefined) }) });
    assert.deepEqual(with_('off').validate('a.entitlements', bad), []);
    assert.deepEqual(
      with_('error')
        .validate('a.entitlements', bad)
        .map((f) => f.severity),
      ['error'],
    );
    const allowing = createEntitlementsService({
      config: () => ({ severity: () => undefined, allowedKeys: new Set(['com.apple.developer.granted']) }),
    });
    assert.deepEqual(
      allowing.validate('a.entitlements', exampleFile('<key>com.apple.developer.granted</key>\n<true/>')),
      [],
    );
  });

  it('hovers over keys and values', () => {
    const key = service.hover('a.entitlements', sample, sample.indexOf('app-sandbox'))!;
    assert.match(key.text, /App Sandbox/);
    assert.match(key.text, /Unrestricted/);
    assert.match(key.text, /developer\.apple\.com.*com\.apple\.security\.app-sandbox\)/);
    const project = projectIndex({ files: {}, names: {}, variables: { NE_SUFFIX: ['', '-systemextension'] } });
    const knowing = createEntitlementsService({ project: () => project });
    const value = knowing.hover('a.entitlements', sample, sample.indexOf('app-proxy'))!;
    assert.match(value.text, /transparent proxy/);
    assert.match(value.text, /`app-proxy-provider` or `app-proxy-provider-systemextension`/);
    assert.equal(service.hover('a.entitlements', sample, 3), undefined);
  });

  it('outlines the tree', () => {
    const symbols = service.symbols('a.entitlements', sample);
    assert.deepEqual(
      symbols.map((s) => [s.name, s.detail]),
      [
        ['com.apple.security.app-sandbox', 'true'],
        ['com.apple.developer.networking.networkextension', '1'],
      ],
    );
    assert.equal(symbols[1]!.children[0]!.detail, 'app-proxy-provider$(NE_SUFFIX)');
    for (const symbol of symbols)
      assert.ok(symbol.range.start <= symbol.selection.start && symbol.selection.end <= symbol.range.end);
  });

  it('folds what spans lines', () => {
    const folds = service.folding('a.entitlements', sample.replace('<dict>', '<!-- a\nb -->\n<dict>'));
    assert.deepEqual(
      folds.map((f) => f.kind),
      ['comment', 'container', 'container'],
    );
  });

  it('colours unknown keys', () => {
    const text = exampleFile(
      '<key>com.apple.security.camera</key>\n<true/>\n<key>com.apple.security.nothing</key>\n<true/>\n<key>com.apple.security.print</key>\n<true/>',
    );
    assert.deepEqual(
      service.colours('a.entitlements', text).map((c) => c.kind),
      ['deprecated', 'unknown', 'known'],
    );
  });

  it('offers single fixes and one for all of a kind', () => {
    const text = exampleFile('<key>com.apple.security.a1</key>\n<true/>\n<key>com.apple.security.b2</key>\n<true/>');
    const at = text.indexOf('b2');
    const offers = service.fixes('a.entitlements', text, { start: at, end: at });
    assert.deepEqual(
      offers.map((o) => o.fix.title),
      ['Remove com.apple.security.b2', 'Fix all ENT007 in this file'],
    );
    const fixed = applyEdits(text, offers[1]!.fix.edits);
    assert.deepEqual(service.validate('a.entitlements', fixed), []);
    assert.equal(parseXmlPlist(fixed).errors.length, 0);
  });
});

describe('formatting', () => {
  const formatted = (text: string, unit?: string): string =>
    applyEdits(text, service.format('a.entitlements', text, unit));

  it('leaves a well-kept file as it is', () => {
    for (const text of [sample, sample.replaceAll('\t', '  '), sample.replaceAll('\n', '\r\n')])
      assert.equal(formatted(text), text);
  });

  it('indents, one element a line, in the unit that is asked for', () => {
    const flat = sample.replace(/\n\t*/g, '').replace('?>', '?>\n');
    assert.equal(formatted(flat, '\t'), sample);
    assert.equal(formatted(sample, '    '), sample.replaceAll('\t', '    '));
  });

  it('keeps comments, blank lines between entries and the text of values', () => {
    const text =
      '<plist version="1.0">\n<dict>\n\t<!-- why -->\n\t<key>a</key>\n\t<string> x\n y </string> <!-- so -->\n\n\t<key>b</key>\n\t<array></array>\n</dict>\n</plist>\n';
    assert.equal(formatted(text), text);
  });

  it('changes nothing but white space, and nothing the second time', () => {
    const random = numbers(9);
    fc.assert(
      fc.property(fc.nat(), () => {
        const text = sample.replace(/\n\t*/g, (gap) => ['', '\n', ' ', '\n\n\n', gap, '\n    '][random(6)]!);
        const once = formatted(text, '\t');
        assert.equal(formatted(once, '\t'), once);
        assert.equal(once.replace(/\s+/g, ''), text.replace(/\s+/g, ''));
        assert.deepEqual(parseXmlPlist(once).errors, []);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('leaves a broken file alone', () => {
    assert.deepEqual(service.format('a.entitlements', '<plist><dict><key>a</key>   <array></dict></plist>'), []);
  });
});
