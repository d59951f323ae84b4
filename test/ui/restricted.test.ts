// A folder that is not trusted: nothing is run from it and none of its settings counts that could run something;
// what only reads works.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FakeProxy } from '../support/fake-proxy.ts';
import { Editor } from '../support/ui/editor.ts';
import { FlowPanelPage } from '../support/ui/flow-panel.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures');

describe('a folder that is not trusted', function () {
  this.timeout(180_000);
  /** Where the folder's settings say that flows come from. */
  let foreign: FakeProxy;
  /** The user's own, which runs already. */
  let proxy: FakeProxy;
  let editor: Editor;
  let source: string;

  before(async () => {
    foreign = await FakeProxy.listen();
    source = mkdtempSync(path.join(os.tmpdir(), 'flowtap-untrusted-'));
    cpSync(path.join(fixtures, 'seed'), source, { recursive: true });
    cpSync(path.join(fixtures, 'captures/corpus.pcapng'), path.join(source, 'corpus.pcapng'));
    mkdirSync(path.join(source, '.vscode'));
    writeFileSync(
      path.join(source, '.vscode/settings.json'),
      JSON.stringify({
        'flowtap.openCapturedTerminalOnStartup': true,
        'flowtap.endpoints': [foreign.path],
        'flowtap.sidebar.groupBy': 'host',
      }),
    );
    editor = await Editor.open({ name: 'restricted', workspace: source, restricted: true });
  });
  after(async () => {
    await editor?.close();
    await proxy?.close();
    await foreign.close();
    rmSync(source, { recursive: true, force: true });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  const runtimeFiles = (): string => path.join(editor.runtimeDir, 'flowtap');

  it('starts nothing by itself, and says so in the view', async () => {
    const sidebar = await editor.openContainer('Flowtap');
    const welcome = sidebar.locator('.welcome-view');
    await welcome.getByText('This folder is not trusted').waitFor();
    await welcome.getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
    assert.equal(await welcome.getByRole('button', { name: 'New Captured Terminal' }).count(), 0);
    assert.equal(await editor.page.locator('.terminal-wrapper').count(), 0);
    await editor.screenshot('welcome');
  });

  it('has its mistakes underlined', async () => {
    await editor.openFile('App/App.entitlements');
    await editor.page.locator('.editor-instance .cdr.squiggly-warning').first().waitFor();
    await editor
      .rows(/Netfilter/)
      .first()
      .waitFor();
    await editor.screenshot('diagnostics');
  });

  it('has its captures opened', async () => {
    await editor.openFile('corpus.pcapng');
    const page = new FlowPanelPage(editor.page);
    await page.grid.waitFor();
    await page.row('GET').first().waitFor();
    await editor.screenshot('capture');
    await editor.command('View: Close Editor');
  });

  it('shows the flows of a proxy that runs', async () => {
    mkdirSync(runtimeFiles(), { recursive: true, mode: 0o700 });
    proxy = await FakeProxy.listen({ path: path.join(runtimeFiles(), 'proxy.sock') });
    await editor.statusBar(/Flowtap 0/).waitFor();
    await editor.page.locator('.welcome-view').getByText('no captured terminal can be opened from it').waitFor();
    proxy.open({ host: 'api.example.com' });
    await editor.rows(/^api\.example\.com, 1 open of 1\b/).waitFor();
    await editor.command('Flowtap: Open Flow Panel');
    await new FlowPanelPage(editor.page).row('api.example.com').waitFor();
    await editor.screenshot('flows');
  });

  it('is offered no command that runs a program', async () => {
    const list = await editor.quickList('>Flowtap: ');
    await list.getByText('Flowtap: Show Log', { exact: true }).waitFor();
    await editor.screenshot('palette');
    for (const title of ['New Captured Terminal', 'Run Command Captured…', 'Start Proxy'])
      assert.equal(await list.getByText(`Flowtap: ${title}`, { exact: true }).count(), 0, title);
    await editor.page.keyboard.press('Escape');
  });

  it('gets no captured terminal by way of the profiles either', async () => {
    await editor.command('Create New Terminal (With Profile)');
    await editor.pick('Captured Terminal');
    await editor
      .notification('This folder is not trusted')
      .getByRole('button', { name: 'Manage Workspace Trust' })
      .waitFor();
    await editor.screenshot('profile');
    assert.equal(await editor.page.locator('.notifications-toasts .notification-list-item').count(), 1);
    assert.equal(await editor.page.locator('.terminal-wrapper').count(), 0);
    await editor.command('Notifications: Clear All Notifications');
  });

  it('names none of the endpoints that the editor connects to', async () => {
    await editor.command('Flowtap: Show Endpoints');
    await editor.page.locator('.quick-input-list').getByText('Add Endpoint from This Project').waitFor();
    assert.equal(await editor.page.locator('.quick-input-list').getByText(foreign.path).count(), 0);
    assert.equal(foreign.clients.size, 0);
    await editor.page.keyboard.press('Escape');
  });

  it('is told by the settings editor which setting does not count', async () => {
    await editor.command('Preferences: Open Workspace Settings');
    await editor.page
      .locator('.settings-editor .setting-item')
      .filter({ hasText: 'Open Captured Terminal On Startup' })
      .getByText('Requires workspace trust')
      .waitFor();
    await editor.screenshot('settings');
    await editor.page.keyboard.press('Escape');
    await editor.page.locator('.settings-editor').waitFor({ state: 'detached' });
  });

  it('gets its captured terminal once it is trusted', async () => {
    await proxy.close();
    await editor.statusBar(/Flowtap$/).waitFor();
    await editor.page.locator('.part.banner').getByText('Manage', { exact: true }).click();
    const trust = editor.page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true });
    await trust.waitFor();
    await editor.screenshot('trust');
    await trust.click();
    await editor.terminal.ready(60_000);
    await editor.statusBar(/Flowtap 0/).waitFor();
    await editor.screenshot('trusted');
  });
});
