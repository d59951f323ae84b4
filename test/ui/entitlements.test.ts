// The seed's mistakes as a person meets them: underlined while they are typed, explained, mended by a quick fix.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Editor } from '../support/ui/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/seed');

describe('the entitlements of the seed', function () {
  this.timeout(180_000);
  let editor: Editor;

  const open = async (file: string): Promise<void> => {
    await editor.page.keyboard.press('Control+P');
    await editor.page.locator('.quick-input-widget input.input').fill(file);
    await editor.pick(path.basename(file));
    await editor.page
      .locator('.tab.active')
      .filter({ hasText: path.basename(file) })
      .waitFor();
    await editor.page.locator('.monaco-editor.focused').first().waitFor();
  };
  const squiggles = (kind: string) => editor.page.locator(`.editor-instance .cdr.squiggly-${kind}`);
  /** Puts the cursor at the end of the first line with this text. */
  const toEndOf = async (text: string, file: string): Promise<void> => {
    const lines = readFileSync(file, 'utf8').split('\n');
    await editor.page.keyboard.press('Control+G');
    await editor.answer(`:${lines.findIndex((line) => line.includes(text)) + 1}`);
    await editor.page.keyboard.press('End');
  };
  /** Saves, and waits until the file says so. */
  const saved = async (file: string, expected: (text: string) => boolean): Promise<void> => {
    await editor.page.keyboard.press('Control+S');
    for (let i = 0; i < 100 && !expected(readFileSync(file, 'utf8')); i++) await editor.page.waitForTimeout(100);
    assert.ok(expected(readFileSync(file, 'utf8')), readFileSync(file, 'utf8'));
  };

  before(async () => {
    editor = await Editor.open({ name: 'entitlements', workspace: fixture });
  });
  after(() => editor?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('are underlined as soon as the file is open', async () => {
    await open('App/App.entitlements');
    await squiggles('warning').first().waitFor();
    await editor.statusBar(/Apple Entitlements/).waitFor();
    await editor.screenshot('opened');
  });

  it('are all listed, those in files that are not open too', async () => {
    await editor.command('Problems: Focus on Problems View');
    const problems = editor.page.locator('.markers-panel');
    for (const rule of ['SRC001', 'SRC002', 'SRC007', 'X009'])
      await problems.getByText(rule, { exact: false }).first().waitFor();
    await editor.screenshot('problems');
  });

  it('are explained under the pointer', async () => {
    await open('App/App.entitlements');
    await editor.page.locator('.view-line').getByText('system-extension.install').first().hover();
    await editor.page.locator('.monaco-hover:visible').getByText('activate and deactivate').first().waitFor();
    await editor.screenshot('hover');
    await editor.page.keyboard.press('Escape');
  });

  it('can be typed, and taken back by a quick fix', async () => {
    await open('Extension/Extension.entitlements');
    const file = path.join(editor.workspace, 'Extension/Extension.entitlements');
    await toEndOf('<dict>', file);
    await editor.page.keyboard.type('<key>com.apple.security.xpc.server</key><true/>', { delay: 10 });
    await editor.page.keyboard.press('Escape');
    await squiggles('warning').first().waitFor();
    // Past <true/> and </key>, into the name.
    for (let i = 0; i < '<true/></key>er'.length; i++) await editor.page.keyboard.press('ArrowLeft');
    const fix = await editor.quickFix('Remove com.apple.security.xpc.server');
    await editor.screenshot('typed');
    await fix.click();
    await editor.page.locator('.view-line').getByText('xpc.server').waitFor({ state: 'detached' });
    await saved(file, (text) => text.includes('<dict>') && !text.includes('xpc.server'));
    await editor.screenshot('mended');
  });

  it('are offered in completion, with a value of their type', async () => {
    const file = path.join(editor.workspace, 'Extension/Extension.entitlements');
    await toEndOf('<dict>', file);
    await editor.page.keyboard.press('Enter');
    await editor.page.keyboard.type('network.client', { delay: 20 });
    const item = editor.page
      .locator('.suggest-widget .monaco-list-row')
      .filter({ hasText: 'com.apple.security.network.client' });
    await item.first().waitFor();
    await editor.screenshot('completion');
    await editor.page.keyboard.press('Enter');
    await editor.page.keyboard.press('Escape');
    await editor.page.keyboard.press('Escape');
    await saved(file, (text) => /<key>com\.apple\.security\.network\.client<\/key>\s*<true\/>/.test(text));
    await editor.screenshot('completed');
  });
});
