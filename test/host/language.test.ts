// Entitlements in a real extension host: what a person sees while they type.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Language } from '../../src/editor/language/language.ts';
import type { App } from '../../src/editor/app.ts';
import { until } from './until.ts';

const run = vscode.commands.executeCommand;
const folder = (): vscode.Uri => vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, 'signing');
const fileOf = (name: string): vscode.Uri => vscode.Uri.joinPath(folder(), ...name.split('/'));

const plist = (body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n${body.replace(/^/gm, '\t')}\n</dict>\n</plist>\n`;
const groups =
  '<key>com.apple.security.application-groups</key>\n<array>\n\t<string>ABCDEFGH12.com.example.flow</string>\n</array>';
const provider =
  '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider</string>\n</array>';
const sandbox = '<key>com.apple.security.app-sandbox</key>\n<true/>';
const project = `name: Flow
options: { bundleIdPrefix: com.example }
targets:
  App:
    type: application
    platform: macOS
    sources: [App]
    dependencies: [{ target: Extension }]
    settings: { PRODUCT_BUNDLE_IDENTIFIER: com.example.flow, CODE_SIGN_ENTITLEMENTS: App/App.entitlements }
  Extension:
    type: system-extension
    platform: macOS
    sources: [Extension]
    settings:
      PRODUCT_BUNDLE_IDENTIFIER: com.example.flow.extension
      CODE_SIGN_ENTITLEMENTS: Extension/Extension.entitlements
      INFOPLIST_FILE: Extension/Info.plist
`;
const info = plist(
  [
    '<key>CFBundlePackageType</key>\n<string>SYSX</string>',
    '<key>CFBundleIdentifier</key>\n<string>$(PRODUCT_BUNDLE_IDENTIFIER)</string>',
    '<key>NetworkExtension</key>\n<dict>\n\t<key>NEMachServiceName</key>\n\t<string>ABCDEFGH12.com.example.flow.xpc</string>',
    '\t<key>NEProviderClasses</key>\n\t<dict>\n\t\t<key>com.apple.networkextension.app-proxy</key>\n\t\t<string>$(PRODUCT_MODULE_NAME).Provider</string>\n\t</dict>\n</dict>',
  ].join('\n'),
);
const files: Readonly<Record<string, string>> = {
  'project.yml': project,
  'App/App.entitlements': plist(
    [provider, '<key>com.apple.developer.system-extension.install</key>\n<true/>', sandbox, groups].join('\n'),
  ),
  'App/Client.swift':
    'import Foundation\nlet connection = NSXPCConnection(machServiceName: "ABCDEFGH12.com.example.flow.xpc")\n',
  'Extension/Extension.entitlements': plist([provider, sandbox, groups].join('\n')),
  'Extension/Info.plist': info,
  'Extension/main.swift':
    'import NetworkExtension\nclass Provider: NETransparentProxyProvider {}\nlet listener = NSXPCListener(machServiceName: "ABCDEFGH12.com.example.flow.xpc")\nautoreleasepool { NEProvider.startSystemExtensionMode() }\n',
};

describe('entitlements in the editor', () => {
  let document: vscode.TextDocument;
  let editor: vscode.TextEditor;

  const codes = (uri = document.uri): string[] =>
    vscode.languages
      .getDiagnostics(uri)
      .filter((d) => d.source === 'flowtap')
      .map((d) => String((d.code as { value: unknown }).value));
  const show = async (uri: vscode.Uri): Promise<void> => {
    document = await vscode.workspace.openTextDocument(uri);
    editor = await vscode.window.showTextDocument(document);
  };
  const replaceAll = async (text: string): Promise<void> => {
    const whole = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
    assert.ok(await editor.edit((edit) => edit.replace(whole, text)));
  };
  const place = (text: string, shift = 0): vscode.Position => {
    const at = document.getText().indexOf(text);
    assert.ok(at >= 0, text);
    return document.positionAt(at + shift);
  };
  const actions = (at: vscode.Position): Thenable<vscode.CodeAction[]> =>
    run(
      'vscode.executeCodeActionProvider',
      document.uri,
      new vscode.Range(at, at),
      vscode.CodeActionKind.QuickFix.value,
    );

  before(async () => {
    const app = (await vscode.extensions.getExtension('flowtap.flowtap')!.activate()) as App;
    await app.settled();
    for (const [name, text] of Object.entries(files))
      await vscode.workspace.fs.writeFile(fileOf(name), Buffer.from(text));
    const language = app.exposed.get('language') as Language;
    await until('the project', () =>
      language.projects.of(fileOf('project.yml'))?.project.workspace.model.targets.some((t) => t.name === 'Extension'),
    );
  });
  after(async () => {
    await run('workbench.action.revertAndCloseActiveEditor');
    await vscode.workspace.fs.delete(folder(), { recursive: true });
  });

  it('have a language of their own', async () => {
    await show(fileOf('App/App.entitlements'));
    assert.equal(document.languageId, 'apple-entitlements');
    await show(fileOf('Extension/Info.plist'));
    assert.notEqual(document.languageId, 'apple-entitlements');
  });

  it('are underlined while a mistake is typed, and no longer', async () => {
    await show(fileOf('App/App.entitlements'));
    const good = document.getText();
    await editor.edit((edit) =>
      edit.insert(place('</dict>'), '\t<key>com.apple.security.xpc.mach-service.name</key>\n\t<true/>\n'),
    );
    await until('the finding', () => codes().includes('ENT009'));
    const finding = vscode.languages
      .getDiagnostics(document.uri)
      .find((d) => (d.code as { value: unknown }).value === 'ENT009')!;
    assert.equal(document.getText(finding.range), 'com.apple.security.xpc.mach-service.name');
    assert.equal(finding.severity, vscode.DiagnosticSeverity.Warning);
    await replaceAll(good);
    await until('its end', () => !codes().includes('ENT009'));
  });

  it('complete keys with a value of their type', async () => {
    await show(fileOf('Extension/Extension.entitlements'));
    await editor.edit((edit) => edit.insert(place('</dict>'), '\tcom.apple.security.net\n'));
    const list = await run<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      place('.security.net', '.security.net'.length),
    );
    const item = list.items.find((i) => i.label === 'com.apple.security.network.client');
    assert.ok(item, `not among ${list.items.length} items`);
    assert.match((item.insertText as vscode.SnippetString).value, /^<key>com\.apple\.security\.network\.client<\/key>/);
    assert.ok(!list.items.some((i) => i.label === 'com.apple.security.app-sandbox'), 'a used key is offered');
    await replaceAll(files['Extension/Extension.entitlements']!);
  });

  it('explain a key under the pointer', async () => {
    await show(fileOf('App/App.entitlements'));
    const hovers = await run<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      place('system-extension.install'),
    );
    const text = hovers.flatMap((h) => h.contents.map((c) => (c as vscode.MarkdownString).value)).join();
    assert.match(text, /activate and deactivate system extensions/);
    assert.match(text, /Restricted/);
  });

  it('are mended by a quick fix', async () => {
    await show(fileOf('App/App.entitlements'));
    const good = document.getText();
    await replaceAll(good.replace('<true/>', '<string>YES</string>'));
    await until('the finding', () => codes().includes('ENT006'));
    const action = (await actions(place('YES'))).find((a) => a.title.startsWith('Make it'));
    assert.ok(action?.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    assert.equal(document.getText(), good);
    await until('no finding', () => !codes().includes('ENT006'));
  });

  it('are mended all at once', async () => {
    await show(fileOf('App/App.entitlements'));
    const good = document.getText();
    await replaceAll(good.replace('<dict>', '<dict>\n\t<!-- a -- b -->\n\t<!-- c -->'));
    await until('the findings', () => codes().filter((c) => c === 'ENT002').length === 2);
    const action = (await actions(place('a -- b'))).find((a) => a.title === 'Fix all ENT002 in this file');
    assert.ok(action?.edit);
    await vscode.workspace.applyEdit(action.edit);
    assert.equal(document.getText(), good);
  });

  it('share names with other files: definition, references, rename', async () => {
    await show(fileOf('Extension/Info.plist'));
    const at = place('ABCDEFGH12.com.example.flow.xpc', 15);
    const references = await run<vscode.Location[]>('vscode.executeReferenceProvider', document.uri, at);
    const names = new Set(references.map((r) => r.uri.path.split('/').at(-1)));
    assert.deepEqual(
      [...names].sort((a, b) => String(a).localeCompare(String(b))),
      ['Client.swift', 'Info.plist', 'main.swift'],
    );
    const edit = await run<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      at,
      'ABCDEFGH12.com.example.flow.two',
    );
    assert.equal(edit.entries().length, 3);
    await vscode.workspace.applyEdit(edit);
    assert.match(document.getText(), /com\.example\.flow\.two/);
    const client = await vscode.workspace.openTextDocument(fileOf('App/Client.swift'));
    assert.match(client.getText(), /"ABCDEFGH12\.com\.example\.flow\.two"/);
    await vscode.workspace.saveAll();
  });

  it('tell at a Mach name who listens and who connects', async () => {
    await show(fileOf('Extension/Info.plist'));
    const lenses = await run<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10);
    assert.deepEqual(
      lenses.map((l) => l.command?.title ?? '').sort((a, b) => a.localeCompare(b)),
      ['1 client', '1 listener'],
    );
  });

  it('have an outline, and can be formatted', async () => {
    await show(fileOf('App/App.entitlements'));
    const outline = await run<vscode.DocumentSymbol[]>('vscode.executeDocumentSymbolProvider', document.uri);
    assert.ok(outline.some((s) => s.name === 'com.apple.security.app-sandbox'));
    const good = document.getText();
    await replaceAll(good.replace(/\n\t+/g, '\n'));
    const edits = await run<vscode.TextEdit[]>('vscode.executeFormatDocumentProvider', document.uri, {
      insertSpaces: false,
      tabSize: 4,
    });
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, edits);
    await vscode.workspace.applyEdit(edit);
    assert.equal(document.getText(), good);
  });

  it('of another file of the project are told in files that nobody opened', async () => {
    const uri = fileOf('Extension/Extension.entitlements');
    await vscode.workspace.fs.writeFile(
      uri,
      Buffer.from(files['Extension/Extension.entitlements']!.replace('app-proxy-provider', 'dns-proxy')),
    );
    await until('the finding of the project', () =>
      codes(fileOf('App/App.entitlements')).concat(codes(uri)).includes('X001'),
    );
  });
});
