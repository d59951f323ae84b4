// From a keystroke to the underline: the half that runs inside the extension host, as its "tests".
import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { tenKilobytes } from './samples.ts';

const warmUp = 30;
const rounds = 500;
const invented = 'com.apple.security.inventedd';
const typed = invented.slice(0, -1);

export async function run(): Promise<void> {
  const [folder] = vscode.workspace.workspaceFolders!;
  const uri = vscode.Uri.joinPath(folder!.uri, 'Bench.entitlements');
  // As one types the last letter of a key: what is reported changes with each.
  const text = tenKilobytes().replace('<dict>', `<dict>\n\t<key>${typed}</key>\n\t<true/>`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  const start = document.positionAt(document.getText().indexOf(typed));
  /** A finding that marks just the key as it is now. */
  const told = (key: string): boolean =>
    vscode.languages
      .getDiagnostics(uri)
      .some(({ range }) => range.isEqual(new vscode.Range(start, start.translate(0, key.length))));
  let changedAt = 0;
  vscode.workspace.onDidChangeTextDocument((event) => {
    if (event.document === document) changedAt = performance.now();
  });
  const at = start.translate(0, typed.length);
  const times: number[] = [];
  for (let i = -warmUp; i < rounds; i++) {
    const longer = document.getText().includes(invented);
    const edit = new vscode.WorkspaceEdit();
    if (longer) edit.delete(uri, new vscode.Range(at, at.translate(0, 1)));
    else edit.insert(uri, at, 'd');
    changedAt = 0;
    await vscode.workspace.applyEdit(edit);
    const wanted = longer ? typed : invented;
    const deadline = performance.now() + 10_000;
    while (changedAt === 0 || !told(wanted)) {
      if (performance.now() > deadline) throw new Error(`nothing is said of ${wanted}`);
      await new Promise((done) => setImmediate(done));
    }
    if (i >= 0) times.push(performance.now() - changedAt);
    await new Promise((done) => setTimeout(done, 40)); // between two keystrokes of somebody who types fast
  }
  writeFileSync(
    process.env['FLOWTAP_BENCH_RESULT']!,
    JSON.stringify({ [`From a keystroke in a file of 10 KB to its findings, ${rounds} times`]: times }),
  );
}
