// Signing & Endpoints, the seed's mistakes and log lines, in a real extension host.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../../src/editor/app.ts';
import type { Element, SigningView } from '../../src/editor/signing/view.ts';
import { until } from './until.ts';

const run = vscode.commands.executeCommand;
const folder = (): vscode.Uri => vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, 'seed');
const fileOf = (name: string): vscode.Uri => vscode.Uri.joinPath(folder(), ...name.split('/'));

describe('Signing & Endpoints', () => {
  let view: SigningView;
  const codes = (name: string): string[] =>
    vscode.languages.getDiagnostics(fileOf(name)).map((d) => String((d.code as { value: unknown }).value));
  const find = (label: string, within?: Element): Element | undefined =>
    view.getChildren(within).find((e) => e.node.label === label);

  before(async () => {
    const extension = vscode.extensions.getExtension('flowtap.flowtap')!;
    const app = (await extension.activate()) as App;
    await app.settled();
    const seed = path.join(extension.extensionPath, 'test/fixtures/seed');
    for (const entry of readdirSync(seed, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      await vscode.workspace.fs.writeFile(fileOf(path.relative(seed, file)), readFileSync(file));
    }
    view = app.exposed.get('signing') as SigningView;
    await until('the findings of the seed', () => codes('App/Server.m').includes('SRC001'));
  });
  after(async () => {
    await run('workbench.action.closeAllEditors');
    await vscode.workspace.fs.delete(folder(), { recursive: true });
  });

  it('shows targets, who listens and who looks up', async () => {
    await until('the targets', () => find('Netfilter') && find('Host'));
    const listens = find('Listens', find('Host'));
    assert.match(listens?.node.description ?? '', /^Server\.m:14 · TEAM_ID/);
    assert.match(find('Looks up', find('Netfilter'))?.node.description ?? '', /^Client\.m:11 · TEAM_ID/);
    const item = view.getTreeItem(listens!);
    assert.equal(item.command?.command, 'vscode.open');
    await run(item.command.command, ...(item.command.arguments as unknown[]));
    await until('the line', () => vscode.window.activeTextEditor?.selection.start.line === 13);
    assert.ok(vscode.window.activeTextEditor?.document.uri.path.endsWith('/seed/App/Server.m'));
  });

  it('underlines the mistakes in sources, Info.plist and entitlements', async () => {
    await until('the look-up', () => codes('Extension/Client.m').includes('X009'));
    await until('the missing name', () => codes('Extension/Info.plist').includes('INF004'));
    await until('the invented entitlement', () => codes('App/App.entitlements').includes('ENT009'));
  });

  it('offers to turn the endpoint round, as an edit of several files', async () => {
    const document = await vscode.workspace.openTextDocument(fileOf('App/Server.m'));
    await vscode.window.showTextDocument(document);
    const at = document.positionAt(document.getText().indexOf('[[NSXPCListener') + 3);
    let actions: vscode.CodeAction[] = [];
    const started = Date.now();
    // The project must have seen the document before its fixes hold.
    while (!actions.some((a) => a.title === 'Turn the endpoint round') && Date.now() - started < 20_000)
      actions = await run<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        new vscode.Range(at, at),
      );
    const turn = actions.find((a) => a.title === 'Turn the endpoint round');
    assert.ok(turn?.edit, actions.map((a) => a.title).join('; '));
    const names = turn.edit.entries().map(([uri]) => path.posix.relative(folder().path, uri.path));
    for (const name of [
      'App/Server.m',
      'Extension/Client.m',
      'Extension/Info.plist',
      'App/App.entitlements',
      'Extension/Extension.entitlements',
    ])
      assert.ok(names.includes(name), names.join());
  });

  it('explains a selected line, with the finding of the project', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'log',
      content: 'nothing\n[0x1] failed to do a bootstrap look-up: xpc_error=[3: No such process]\n',
    });
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(1, 0, 1, 60);
    await run('flowtap.explainSelection');
    const page = await until('the page', () =>
      vscode.workspace.textDocuments.find((d) => d.uri.scheme === 'flowtap-explanation'),
    );
    assert.match(page.getText(), /LOG001/);
    assert.match(page.getText(), /X009/);
    assert.match(page.getText(), /Client/);
  });

  it('explains the clipboard, and leaves it as it is', async () => {
    const text = 'Error Domain=OSSystemExtensionErrorDomain Code=4 "(null)"';
    await vscode.env.clipboard.writeText(text);
    await run('flowtap.explainClipboard');
    await until('the page', () =>
      vscode.workspace.textDocuments.some(
        (d) => d.uri.scheme === 'flowtap-explanation' && d.getText().includes('LOG023'),
      ),
    );
    assert.equal(await vscode.env.clipboard.readText(), text);
  });
});
