// Signing & Endpoints as a person sees it: the tree beside the connections, a click that goes to the line, a log
// line explained.
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { Editor } from '../support/ui/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/seed');

describe('Signing & Endpoints of the seed', function () {
  this.timeout(180_000);
  let editor: Editor;
  let rows: Locator;
  const row = (text: string): Locator => rows.filter({ hasText: text }).first();

  before(async () => {
    editor = await Editor.open({ name: 'signing', workspace: fixture });
    const sidebar = await editor.openContainer('Flowtap');
    rows = sidebar.locator('.monaco-list-row');
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('lists both targets with what they sign and do', async () => {
    for (const text of ['Netfilter', 'Host', 'Looks up']) await row(text).waitFor();
    await editor.screenshot('tree-dark');
    await editor.setTheme('light');
    await editor.screenshot('tree-light');
  });

  it('goes to the line of a click', async () => {
    await row('Looks up').click();
    await editor.page.locator('.tab.active').filter({ hasText: 'Client.m' }).waitFor();
    await editor.page.locator('.monaco-editor .cdr.squiggly-error').first().waitFor();
    await editor.screenshot('line');
  });

  it('explains a log line and names the finding', async () => {
    await editor.command('File: New Untitled Text File');
    await editor.page.locator('.monaco-editor.focused').first().waitFor();
    await editor.page.keyboard.insertText('failed to do a bootstrap look-up: xpc_error=[3: No such process]');
    await editor.command('Flowtap: Explain Log Lines');
    await editor.page.locator('.tab.active').filter({ hasText: 'Explanation' }).waitFor();
    const preview = editor.page.frameLocator('iframe.webview.ready').frameLocator('iframe');
    const text = preview.locator('body');
    await text.filter({ hasText: 'LOG001' }).waitFor();
    assert.match((await text.textContent()) ?? '', /Client\.m:11.*X009/s);
    await editor.screenshot('explanation');
    await editor.notification('X009').getByRole('button', { name: 'Go to Extension/Client.m:11' }).click();
    await editor.page.locator('.tab.active').filter({ hasText: 'Client.m' }).waitFor();
  });
});
