// The ways a person works in a VS Code workbench, in a browser. Its CSS classes and labels are known here and in
// terminal.ts, and nowhere else.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { outDir } from '../../../scripts/lib/paths.mjs';
import { Terminal } from './terminal.ts';

/** As the theme picker names them, and the class that the workbench then has. */
export const themes = {
  dark: { label: 'Dark Modern', kind: 'vs-dark' },
  light: { label: 'Light Modern', kind: 'vs' },
  highContrast: { label: 'Dark High Contrast', kind: 'hc-black' },
  highContrastLight: { label: 'Light High Contrast', kind: 'hc-light' },
} as const;

/** For one attempt of several. */
const soon = { timeout: 3000 };

export class EditorPage {
  readonly page: Page;
  readonly #screenshots: string;
  #pictures = 0;

  /** `name`: pictures go to out/screenshots/NAME, which is emptied. */
  constructor(page: Page, name: string) {
    this.page = page;
    page.setDefaultTimeout(30_000);
    this.#screenshots = path.join(outDir, 'screenshots', name);
    rmSync(this.#screenshots, { recursive: true, force: true });
    mkdirSync(this.#screenshots, { recursive: true });
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.monaco-workbench .activitybar').waitFor();
  }

  /** NN-name.png */
  async screenshot(name: string): Promise<string> {
    const file = path.join(this.#screenshots, `${String(++this.#pictures).padStart(2, '0')}-${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  get #quickInput(): Locator {
    return this.page.locator('.quick-input-widget input.input');
  }

  #quickRow(label: string): Locator {
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    return rows.filter({ has: this.page.getByText(label, { exact: true }) }).first();
  }

  /**
   * Opens a list until the wanted entry is in it. The editor fills a list when it opens it, and what an extension
   * that is still starting, or still thinking, has to add never comes into one that is open. And a list that is asked for
   * while the one before still fades away need not open at all.
   */
  async #insist(open: () => Promise<void>, entry: Locator): Promise<Locator> {
    for (let attempt = 1; ; attempt++) {
      try {
        await open();
        await entry.waitFor(soon);
        return entry;
      } catch (e) {
        if (attempt === 10) throw e;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  async #type(text: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.#quickInput.waitFor(soon);
    await this.#quickInput.fill(text, soon);
  }

  /** What the quick input lists for a text; after `>` these are commands. */
  async quickList(text: string): Promise<Locator> {
    return this.#insist(() => this.#type(text), this.page.locator('.quick-input-list'));
  }

  /** Runs a command by its title in the command palette, as `Category: Title`. */
  async command(title: string): Promise<void> {
    const row = await this.#insist(() => this.#type(`>${title}`), this.#quickRow(title));
    await row.click();
  }

  /** The quick fix of that title, in the menu that is then open at the cursor. */
  async quickFix(title: string): Promise<Locator> {
    const entry = this.page.locator('.action-widget').getByText(title);
    return this.#insist(() => this.page.keyboard.press('Control+.'), entry);
  }

  /** Opens a file by its path; one that was just made may not be found by its name yet. */
  async openFile(file: string): Promise<void> {
    const row = await this.#insist(() => this.#type(file), this.#quickRow(path.basename(file)));
    await row.click();
  }

  /** Answers a quick pick that is open. */
  async pick(label: string): Promise<void> {
    await this.#quickRow(label).click();
  }

  /** Types into the input box that is open and accepts it. */
  async answer(text: string): Promise<void> {
    await this.#quickInput.waitFor();
    await this.#quickInput.fill(text);
    await this.page.keyboard.press('Enter');
  }

  async setTheme(theme: keyof typeof themes): Promise<void> {
    const { label, kind } = themes[theme];
    await this.command('Preferences: Color Theme');
    await this.#quickInput.fill(label);
    await this.#quickRow(label).click();
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Opens a view container of the activity bar and returns its side bar. */
  async openContainer(title: string): Promise<Locator> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: title });
    await tab.waitFor();
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    const sidebar = this.page.locator('.part.sidebar');
    await sidebar.locator('.title-label').filter({ hasText: title }).first().waitFor();
    return sidebar;
  }

  /** The rows of the side bar's tree whose spoken label matches. */
  rows(label: RegExp): Locator {
    return this.page.locator('.part.sidebar').getByRole('treeitem', { name: label });
  }

  statusBar(text: RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  notification(text: RegExp | string): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  /** The terminal that is shown. */
  get terminal(): Terminal {
    return new Terminal(this.page);
  }
}
