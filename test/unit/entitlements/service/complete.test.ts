import assert from 'node:assert/strict';
import { catalogueKeys } from '../../../../src/entitlements/catalogue/catalogue.ts';
import { exampleFile } from '../../../../src/entitlements/rules/example.ts';
import { createEntitlementsService } from '../../../../src/entitlements/service.ts';
import type { Completion } from '../../../../src/entitlements/service/complete.ts';
import { projectIndex } from '../../../support/project-index.ts';
import type { FakeProject } from '../../../support/project-index.ts';

const ne = 'com.apple.developer.networking.networkextension';

/** Completions at the `|` of a file; `apply` inserts one as an editor would, tab stops taken out. */
function at(marked: string, file = 'a.entitlements', project?: FakeProject) {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const service = createEntitlementsService({ project: () => project && projectIndex(project) });
  const items = service.complete(file, text, offset);
  const labels = items.map((item) => item.label);
  const item = (label: string): Completion =>
    items.find((i) => i.label === label) ?? assert.fail(`no ${label} in ${labels.join()}`);
  const apply = (label: string): string => {
    const { range, insert, snippet, also } = item(label);
    const indent = /^[ \t]*/.exec(text.slice(0, range.start).split('\n').at(-1)!)![0];
    const plain = snippet
      ? insert
          .replace(/\$\{1\|([^,|]*)[^|]*\|\}/g, '$1')
          .replace(/\$\{1:(.*?[^\\])\}/g, '$1')
          .replace(/\$[01]/g, '')
          .replace(/\\([$}\\])/g, '$1')
      : insert;
    const tail = also ? text.slice(range.end, also.at) + also.text + text.slice(also.at) : text.slice(range.end);
    return text.slice(0, range.start) + plain.replaceAll('\n', `\n${indent}`) + tail;
  };
  return { labels, item, apply };
}

describe('completion', () => {
  it('of keys inserts the key and a value of its type', () => {
    const { apply } = at(exampleFile('<key>a</key>\n<true/>').replace('\t<key>a</key>\n\t<true/>', '\tapp-sa|'));
    assert.equal(
      apply('com.apple.security.app-sandbox'),
      exampleFile('<key>com.apple.security.app-sandbox</key>\n<true/>'),
    );
    assert.equal(apply(ne), exampleFile(`<key>${ne}</key>\n<array>\n\t<string>app-proxy-provider</string>\n</array>`));
    assert.equal(apply('com.apple.developer.aps-environment').includes('<string>development</string>'), true);
  });

  it('gives a value of its type for every key of the catalogue', () => {
    const service = createEntitlementsService();
    const text = '<plist>\n<dict>\n\t\n</dict>\n</plist>\n';
    const offset = text.indexOf('\t') + 1;
    const offered = at('<plist>\n<dict>\n\t|\n</dict>\n</plist>\n');
    for (const row of catalogueKeys) {
      if (row.access === 'internal' || row.access === 'profile') {
        assert.ok(!offered.labels.includes(row.key), row.key);
        continue;
      }
      const written = offered.apply(row.key);
      const findings = service.validate('a.entitlements', written);
      assert.deepEqual(
        findings.filter((f) => f.rule === 'ENT001' || f.rule === 'ENT006').map((f) => f.message),
        [],
        written,
      );
    }
    assert.equal(service.complete('a.entitlements', text, offset).length, offered.labels.length);
  });

  it('works from the first typed character of a tag', () => {
    const { apply } = at('<plist>\n<dict>\n\t<ke|\n</dict>\n</plist>\n');
    assert.equal(
      apply('com.apple.security.print'),
      '<plist>\n<dict>\n\t<key>com.apple.security.print</key>\n\t<true/>\n</dict>\n</plist>\n',
    );
  });

  it('within a key replaces its name, and adds the value where there is none', () => {
    const lone = at('<plist>\n<dict>\n\t<key>com.apple.sec|</key>\n</dict>\n</plist>\n');
    assert.equal(
      lone.apply('com.apple.security.print'),
      '<plist>\n<dict>\n\t<key>com.apple.security.print</key>\n\t<true/>\n</dict>\n</plist>\n',
    );
    const valued = at('<plist>\n<dict>\n\t<key>com.apple.sec|</key>\n\t<false/>\n</dict>\n</plist>\n');
    assert.equal(
      valued.apply('com.apple.security.print'),
      '<plist>\n<dict>\n\t<key>com.apple.security.print</key>\n\t<false/>\n</dict>\n</plist>\n',
    );
    const open = at('<plist>\n<dict>\n\t<key>com.apple.sec|\n</dict>\n</plist>\n');
    assert.equal(
      open.apply('com.apple.security.print'),
      '<plist>\n<dict>\n\t<key>com.apple.security.print</key>\n\t<true/>\n</dict>\n</plist>\n',
    );
  });

  it('leaves out keys and values that stand there', () => {
    const keys = at(
      exampleFile('<key>com.apple.security.app-sandbox</key>\n<true/>\n<!-- | -->').replace('<!-- | -->', '|'),
    );
    assert.ok(!keys.labels.includes('com.apple.security.app-sandbox'));
    assert.ok(keys.labels.includes('com.apple.security.print'));
    const values = at(
      exampleFile(`<key>${ne}</key>\n<array>\n\t<string>dns-proxy</string>\n\t<string>|</string>\n</array>`),
    );
    assert.ok(!values.labels.includes('dns-proxy'));
    assert.ok(values.labels.includes('relay'));
  });

  it('offers values by type: switches, lists, strings', () => {
    const body = (key: string): string => exampleFile(`<key>${key}</key>\n|`);
    assert.deepEqual(at(body('com.apple.security.print')).labels, ['<true/>', '<false/>']);
    assert.deepEqual(at(body(ne)).labels, ['<array>']);
    assert.ok(at(body('com.apple.developer.aps-environment')).labels.includes('production'));
    const item = at(exampleFile(`<key>${ne}</key>\n<array>\n\t|\n</array>`));
    assert.ok(item.apply('dns-proxy').includes('\t\t<string>dns-proxy</string>\n'));
  });

  it("offers the project's own groups, names and classes", () => {
    const project: FakeProject = {
      files: {},
      names: {
        'app-group': ['group.com.example.app'],
        'mach-name': ['group.com.example.app.xpc'],
        'bundle-id': ['com.example.app'],
        'provider-class': ['Provider'],
      },
    };
    const groups = at(
      exampleFile('<key>com.apple.security.application-groups</key>\n<array>\n\t<string>gr|</string>\n</array>'),
      'a.entitlements',
      project,
    );
    assert.ok(groups.labels.includes('group.com.example.app'));
    const info = (path: string): string =>
      `<plist>\n<dict>\n\t<key>NetworkExtension</key>\n\t<dict>\n${path}\n\t</dict>\n</dict>\n</plist>\n`;
    const name = at(info('\t\t<key>NEMachServiceName</key>\n\t\t<string>|</string>'), 'Info.plist', project);
    assert.ok(name.labels.includes('group.com.example.app.xpc'));
    const provider = at(
      info(
        '\t\t<key>NEProviderClasses</key>\n\t\t<dict>\n\t\t\t<key>com.apple.networkextension.app-proxy</key>\n\t\t\t|\n\t\t</dict>',
      ),
      'Info.plist',
      project,
    );
    assert.ok(provider.labels.includes('$(PRODUCT_MODULE_NAME).Provider'));
  });

  it('offers the keys of the dictionary it stands in', () => {
    const root = at('<plist>\n<dict>\n\t|\n</dict>\n</plist>\n', 'Info.plist');
    assert.ok(root.labels.includes('NetworkExtension'));
    assert.ok(!root.labels.includes('NEMachServiceName'));
    const inner = at(
      '<plist>\n<dict>\n\t<key>NetworkExtension</key>\n\t<dict>\n\t\t|\n\t</dict>\n</dict>\n</plist>\n',
      'Info.plist',
    );
    assert.deepEqual(inner.labels.sort(), ['NEMachServiceName', 'NEProviderClasses']);
  });

  it('is silent where nothing of it can stand', () => {
    for (const text of [
      '<plist>\n<dict>\n\t<key>com.example</key>\n\t<integer>|</integer>\n</dict>\n</plist>',
      '|<plist/>',
      '<!-- | --><plist/>',
    ])
      assert.deepEqual(at(text).labels, []);
    assert.deepEqual(at('<plist><dict>|</dict></plist>', 'strings.plist').labels, []);
  });

  it('gives an answer at every place of a file, whole or cut off', () => {
    const text = exampleFile(`<key>${ne}</key>\n<array>\n\t<string>dns-proxy</string>\n</array>`);
    const service = createEntitlementsService();
    for (let offset = 0; offset <= text.length; offset++)
      for (const shown of [text, text.slice(0, offset)])
        for (const item of service.complete('a.entitlements', shown, offset))
          assert.ok(item.range.start <= offset && offset <= item.range.end && item.range.end <= shown.length);
  });
});
