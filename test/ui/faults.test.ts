// What a person sees when a part of Flowtap is missing or dies.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { outDir } from '../../scripts/lib/paths.mjs';
import { Editor } from '../support/ui/editor.ts';
import { LocalServer } from '../support/ui/local-server.ts';

/** The processes of this editor whose command line matches. */
function processes(editor: Editor, pattern: RegExp): number[] {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', '\n');
    } catch {
      return ''; // It has ended meanwhile.
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => read(pid, 'environ').includes(`XDG_RUNTIME_DIR=${editor.runtimeDir}\n`))
    .filter((pid) => pattern.test(read(pid, 'cmdline')))
    .map(Number);
}

describe('an extension host that is killed', function () {
  this.timeout(120_000);
  const server = new LocalServer(500_000);
  let editor: Editor;
  let port: number;

  before(async () => {
    port = await server.listen();
    editor = await Editor.open({ name: 'host-killed' });
    const sidebar = await editor.openContainer('Flowtap');
    await sidebar.getByRole('button', { name: 'New Captured Terminal' }).first().waitFor();
  });
  after(async () => {
    await server.close();
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('takes no connection with it, and finds them again when it is back', async () => {
    await editor.command('Flowtap: New Captured Terminal');
    await editor.terminal.ready(30_000);
    await editor.terminal.type(`curl -s -o answer.bin http://127.0.0.1:${port}/file; echo "status $?"`);
    await editor.rows(/^curl, 1 open of 1\b/).waitFor();
    const hosts = processes(editor, /--type=extensionHost/);
    assert.equal(hosts.length, 1);
    process.kill(hosts[0]!, 'SIGKILL');

    const another = (): boolean => processes(editor, /--type=extensionHost/).some((pid) => pid !== hosts[0]);
    for (let i = 0; i < 600 && !another(); i++) await editor.page.waitForTimeout(100);
    assert.ok(another(), 'the workbench started no other extension host');
    await editor.rows(/^curl, 1 open of 1\b/).waitFor({ timeout: 60_000 });
    await editor.screenshot('back');
    server.release();
    await editor.terminal.waitFor(/^status 0$/m);
    await editor.rows(/^curl, 0 open of 1\b/).waitFor();
  });
});

describe('a package without native programs', function () {
  this.timeout(120_000);
  let editor: Editor;

  before(async () => {
    editor = await Editor.open({ name: 'no-native', vsix: path.join(outDir, 'flowtap-universal.vsix') });
  });
  after(async () => {
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('says so in the view, and why on request', async () => {
    const sidebar = await editor.openContainer('Flowtap');
    await sidebar.getByText('has no native part for this system').waitFor();
    await editor.screenshot('welcome');
    await sidebar.getByRole('button', { name: 'Show Details' }).click();
    const dialog = editor.page.locator('.monaco-dialog-box');
    await dialog.getByText(/native bridge is missing: there is no .*bridge\.node/).waitFor();
    await editor.screenshot('details');
    await editor.page.keyboard.press('Escape');
  });

  it('offers no command that could not work', async () => {
    const list = await editor.quickList('>Flowtap: ');
    await list.getByText('Flowtap: Show Log', { exact: true }).waitFor();
    assert.equal(await list.getByText('Flowtap: New Captured Terminal', { exact: true }).count(), 0);
    assert.equal(await list.getByText('Flowtap: Start Proxy', { exact: true }).count(), 0);
    await editor.page.keyboard.press('Escape');
  });
});
