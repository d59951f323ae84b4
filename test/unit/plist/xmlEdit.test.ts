import assert from 'node:assert/strict';
import { entry, lookup } from '../../../src/plist/value.ts';
import type { PlistArray, PlistDict } from '../../../src/plist/value.ts';
import { parseXmlPlist } from '../../../src/plist/xml.ts';
import {
  applyEdits,
  insertEntry,
  insertItems,
  insertValue,
  removeEntry,
  removeRange,
  replaceString,
} from '../../../src/plist/xmlEdit.ts';

const file = (eol: string, unit: string): string =>
  [
    '<plist>',
    '<dict>',
    `${unit}<!-- why -->`,
    `${unit}<key>a</key>`,
    `${unit}<array>`,
    `${unit}${unit}<string>x</string>`,
  ]
    .concat([`${unit}</array>`, `${unit}<key>b</key>`, `${unit}<true/>`, '</dict>', '</plist>', ''])
    .join(eol);

for (const [name, eol, unit] of [
  ['tabs and LF', '\n', '\t'],
  ['two spaces and CR LF', '\r\n', '  '],
  ['four spaces', '\n', '    '],
] as const)
  describe(`edits of a file with ${name}`, () => {
    const text = file(eol, unit);
    const document = parseXmlPlist(text);
    const dict = document.root as PlistDict;
    const array = lookup(dict, 'a') as PlistArray;

    it('adds an entry at the end in the same style', () => {
      const out = applyEdits(text, [insertEntry(document, dict, 'c', ['y'])]);
      const lines = ['<key>c</key>', '<array>', `${unit}<string>y</string>`, '</array>'].map((line) => unit + line);
      assert.equal(out, text.replace(`<true/>${eol}`, `<true/>${eol}${lines.join(eol)}${eol}`));
    });

    it('adds an item, and removes it again without a trace', () => {
      const longer = applyEdits(text, [insertItems(document, array, ['y'])]);
      assert.ok(longer.includes(`${unit}${unit}<string>y</string>${eol}${unit}</array>`));
      const again = parseXmlPlist(longer);
      const added = (lookup(again.root, 'a') as PlistArray).items[1]!;
      assert.equal(applyEdits(longer, [removeRange(longer, added.range)]), text);
    });

    it('removes an entry with its lines and leaves the comment', () => {
      const out = applyEdits(text, [removeEntry(document, entry(dict, 'a')!)]);
      assert.equal(
        out,
        [
          '<plist>',
          '<dict>',
          `${unit}<!-- why -->`,
          `${unit}<key>b</key>`,
          `${unit}<true/>`,
          '</dict>',
          '</plist>',
          '',
        ].join(eol),
      );
    });
  });

describe('edits of an XML property list', () => {
  const edited = (
    text: string,
    edit: (d: ReturnType<typeof parseXmlPlist>) => ReturnType<typeof removeEntry>,
  ): string => applyEdits(text, [edit(parseXmlPlist(text))]);

  it('opens an empty dictionary', () => {
    const out = edited('<plist>\n<dict/>\n</plist>\n', (d) => insertEntry(d, d.root as PlistDict, 'a', true));
    assert.equal(out, '<plist>\n<dict>\n\t<key>a</key>\n\t<true/>\n</dict>\n</plist>\n');
  });

  it('stays on one line where the file does', () => {
    const out = edited('<plist><dict><key>a</key><true/></dict></plist>', (d) =>
      insertEntry(d, d.root as PlistDict, 'b', false),
    );
    assert.equal(out, '<plist><dict><key>a</key><true/><key>b</key><false/></dict></plist>');
  });

  it('escapes what is written', () => {
    const out = edited('<plist><string>x</string></plist>', (d) => replaceString(d, d.root as never, 'a<b & c'));
    assert.equal(out, '<plist><string>a&lt;b &amp; c</string></plist>');
    const empty = edited('<plist><string/></plist>', (d) => replaceString(d, d.root as never, 'a'));
    assert.equal(empty, '<plist><string>a</string></plist>');
  });

  it('gives a key its value, on the next line or the same', () => {
    const lines = '<plist>\n<dict>\n\t<key>a</key>\n</dict>\n</plist>\n';
    assert.equal(
      edited(lines, (d) => insertValue(d, entry(d.root, 'a')!, true)),
      '<plist>\n<dict>\n\t<key>a</key>\n\t<true/>\n</dict>\n</plist>\n',
    );
    assert.equal(
      edited('<plist><dict><key>a</key></dict></plist>', (d) => insertValue(d, entry(d.root, 'a')!, true)),
      '<plist><dict><key>a</key><true/></dict></plist>',
    );
  });
});
