import assert from 'node:assert/strict';
import type { SymbolKind } from '../../../src/entitlements/project.ts';
import { filesOf } from '../../../src/project/files.ts';
import { ModelIndex } from '../../../src/project/projectIndex.ts';
import { Workspace } from '../../../src/project/workspace.ts';
import { applied } from '../../support/project.ts';
import { client, group, listener, spoilt, team } from '../../support/sound.ts';

const literal = `let serviceName = "${team}.com.example.app.xpc"\n`;
const files = spoilt((s) => {
  s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
  s.sources['App/Client.swift'] =
    literal + client.replace('machServiceName: name', 'machServiceName: serviceName').replace('name: String', '');
  s.sources['Ext/Listener.swift'] = listener;
});
const index = new ModelIndex(new Workspace(filesOf(files)).model);
const at = (file: string, needle: string): number => String(files[file]).indexOf(needle) + 1;
const where = (places: readonly { file: string }[]): readonly string[] => places.map((p) => p.file).sort();

describe('the project index', () => {
  it('knows who signs with a file', () => {
    const roles = index.roles('Ext/Ext.entitlements');
    assert.deepEqual(
      roles.map((r) =>
        [
          r.target,
          r.productType,
          r.platform,
          r.configuration,
          r.configurationKind,
          r.signing,
          r.bundleId,
          r.teamId,
        ].join(),
      ),
      ['Debug,debug', 'Release,release'].map(
        (c) => `Extension,system-extension,macos,${c},developer-id,com.example.app.extension,${team}`,
      ),
    );
    assert.deepEqual(index.roles('None.entitlements'), []);
  });
  it('resolves variables where every use knows them', () => {
    assert.deepEqual(index.resolve('Ext/Ext.entitlements', '$(TeamIdentifierPrefix)x.$(PRODUCT_MODULE_NAME)'), [
      `${team}.x.Extension`,
    ]);
    assert.equal(index.resolve('Ext/Ext.entitlements', '$(NOWHERE)'), undefined);
    assert.equal(index.resolve('None.entitlements', '$(X)'), undefined);
  });
  it('knows who processes a file', () => {
    assert.equal(index.processedBy('App/App.entitlements'), 'xcode');
    const raw = new ModelIndex(
      new Workspace(
        filesOf({
          'src-tauri/tauri.conf.json': '{"entitlements": "Entitlements.plist"}',
          'src-tauri/Entitlements.plist': '<plist><dict/></plist>',
        }),
      ).model,
    );
    assert.equal(raw.processedBy('src-tauri/Entitlements.plist'), 'raw');
    assert.equal(raw.processedBy('other.plist'), undefined);
  });
  it('finds a name where it is written, also within another', () => {
    assert.deepEqual(index.symbols('app-group'), [group]);
    assert.deepEqual(index.symbols('mach-name'), [`${group}.xpc`]);
    assert.deepEqual(index.symbols('bundle-id'), ['com.example.app', 'com.example.app.extension']);
    assert.equal(index.symbolAt('Ext/Info.plist', at('Ext/Info.plist', `${group}.xpc`))?.kind, 'mach-name');
    assert.deepEqual(where(index.references('app-group', group)), [
      'App/App.entitlements',
      'Ext/Ext.entitlements',
      'Ext/Info.plist',
    ]);
    assert.deepEqual(where(index.references('mach-name', `${group}.xpc`)), ['App/Client.swift', 'Ext/Info.plist']);
    assert.deepEqual(where(index.definitions('provider-class', 'Provider')), ['Ext/Provider.swift']);
    assert.equal(index.symbolAt('Ext/Info.plist', 0), undefined);
  });
  it('tells who listens and who looks up', () => {
    const { clients } = index.endpoint(`${group}.xpc`);
    assert.deepEqual(where(clients), ['App/Client.swift']);
  });
  it('knows the providers of a file', () =>
    assert.deepEqual(index.providerPoints('Ext/Ext.entitlements'), ['com.apple.networkextension.app-proxy']));

  it('renames a group in every file that writes it', () => {
    const edits = index.rename('app-group', group, '$(TeamIdentifierPrefix)com.example.other');
    assert.ok(Array.isArray(edits));
    const after = applied(files, { title: '', edits });
    for (const file of ['App/App.entitlements', 'Ext/Ext.entitlements', 'Ext/Info.plist']) {
      assert.ok(!String(after[file]).includes(group), file);
      assert.ok(String(after[file]).includes('$(TeamIdentifierPrefix)com.example.other'), file);
    }
    assert.ok(String(after['Ext/Info.plist']).includes('com.example.other.xpc'));
  });
  for (const [kind, name, to, why] of [
    ['mach-name', `${group}.xpc`, `${group}.y`, /Code holds this name/],
    ['app-group', group, 'a b', /no name/],
    ['app-group', 'nowhere', 'x', /no file/],
  ] as const satisfies readonly (readonly [SymbolKind, string, string, RegExp])[])
    it(`refuses to rename ${name} to ${to}`, () => {
      const result = index.rename(kind, name, to);
      assert.ok('refused' in result);
      assert.match(result.refused, why);
    });
});
