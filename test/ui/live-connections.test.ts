// The main job, as a person does it: the packaged extension, a real shell in the captured terminal, a real server.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bytesText } from '../../src/flow/text.ts';
import { Editor } from '../support/ui/editor.ts';
import { LocalServer } from '../support/ui/local-server.ts';

const bodyBytes = 123_456;

describe('a program in the captured terminal', function () {
  this.timeout(120_000);
  const server = new LocalServer(bodyBytes);
  let editor: Editor;
  let port: number;

  before(async () => {
    port = await server.listen();
    editor = await Editor.open({ name: 'live-connections' });
  });
  after(async () => {
    await server.close();
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('has a view in the activity bar that tells how to begin', async () => {
    const sidebar = await editor.openContainer('Flowtap');
    await sidebar.locator('.welcome-view').getByText('New Captured Terminal').waitFor();
    await editor.screenshot('welcome');
  });

  it('opens from the command palette, and starts the proxy', async () => {
    await editor.command('Flowtap: New Captured Terminal');
    await editor.terminal.ready(30_000);
    await editor.statusBar(/Flowtap 0/).waitFor();
    await editor.screenshot('captured-terminal');
  });

  it('shows a connection while it is open', async () => {
    await editor.terminal.type(`curl -s -o answer.bin http://127.0.0.1:${port}/file; echo "status $?"`);
    await editor.rows(/^curl, 1 open of 1\b/).waitFor();
    const row = editor.rows(new RegExp(`^curl to 127\\.0\\.0\\.1:${port}, TCP, open\\b`, 'i'));
    await row.waitFor();
    await editor.statusBar(/Flowtap 1/).waitFor();
    await editor.screenshot('open');
  });

  it('shows it closed, with the bytes that went each way', async () => {
    server.release();
    await editor.terminal.waitFor(/^status 0$/m);
    const sent = bytesText(server.received[0]!);
    const got = bytesText(server.answer.length);
    await editor.rows(/^curl, 0 open of 1\b/).waitFor();
    const row = editor.rows(new RegExp(`^curl to 127\\.0\\.0\\.1:${port}, .*${sent} sent, ${got} received`));
    await row.waitFor();
    assert.equal(await row.count(), 1);
    assert.match(await row.innerText(), /pid \d+/);
    await editor.screenshot('closed');
  });

  it('shows a refused connection as failed', async () => {
    await editor.terminal.type('curl -s http://127.0.0.1:1/; echo "refused $?"');
    await editor.terminal.waitFor(/^refused \d+$/m);
    await editor.rows(/^curl to 127\.0\.0\.1:1, /).waitFor();
    await editor.screenshot('refused');
  });

  it('groups by host and by state', async () => {
    await editor.command('Flowtap: Group Connections By…');
    await editor.pick('Host');
    await editor.rows(/^127\.0\.0\.1, 0 open of 2\b/).waitFor();
    await editor.screenshot('by-host');
    await editor.command('Flowtap: Group Connections By…');
    await editor.pick('State');
    await editor.rows(/^Failed, /).waitFor();
    await editor.screenshot('by-state');
    await editor.command('Flowtap: Group Connections By…');
    await editor.pick('Process');
    await editor.rows(/^curl, 0 open of 2\b/).waitFor();
  });

  it('can be read in light and in high contrast', async () => {
    for (const theme of ['light', 'highContrast', 'dark'] as const) {
      await editor.setTheme(theme);
      await editor.rows(/^curl, /).waitFor();
      await editor.screenshot(`theme-${theme}`);
    }
  });

  it('stops the proxy, and leaves no socket', async () => {
    await editor.command('Flowtap: Stop Proxy');
    await editor.statusBar(/Flowtap$/).waitFor();
    await editor.screenshot('stopped');
    for (let i = 0; i < 100 && existsSync(path.join(editor.runtimeDir, 'flowtap/proxy.sock')); i++)
      await editor.page.waitForTimeout(50);
    assert.equal(existsSync(path.join(editor.runtimeDir, 'flowtap/proxy.sock')), false);
  });
});
