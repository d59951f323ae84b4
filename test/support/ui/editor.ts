// A private VS Code with a VSIX installed, in a browser, and the ways a person works in it. The workbench's own
// CSS classes and labels are known here and nowhere else.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../../../scripts/lib/browser.mjs';
import { newFamily } from '../../../scripts/lib/family.mjs';
import { outDir, sampleDir } from '../../../scripts/lib/paths.mjs';
import { startWorkbench } from '../../../scripts/lib/workbench.mjs';
import { Terminal } from './terminal.ts';

/** As the theme picker names them, and the class that the workbench then has. */
export const themes = {
  dark: { label: 'Dark Modern', kind: 'vs-dark' },
  light: { label: 'Light Modern', kind: 'vs' },
  highContrast: { label: 'Dark High Contrast', kind: 'hc-black' },
} as const;

export interface EditorOptions {
  vsix?: string;
  /** Copied, so that a test can change it. */
  workspace?: string;
  settings?: Readonly<Record<string, unknown>>;
  /** Where screenshots go: out/screenshots/NAME. */
  screenshots: string;
  width?: number;
  height?: number;
}

/** What the tests install. */
export const builtVsix = path.join(outDir, `flowtap-${process.platform}-${process.arch}.vsix`);

export class Editor {
  readonly page: Page;
  /** XDG_RUNTIME_DIR of all that runs in it. */
  readonly runtimeDir: string;
  readonly workspace: string;
  readonly #workbench: Awaited<ReturnType<typeof startWorkbench>>;
  readonly #browser: Browser;
  readonly #refused: string[];
  readonly #screenshots: string;
  #pictures = 0;

  private constructor(
    workbench: Awaited<ReturnType<typeof startWorkbench>>,
    browser: Browser,
    page: Page,
    refused: string[],
    workspace: string,
    screenshots: string,
  ) {
    this.#workbench = workbench;
    this.#browser = browser;
    this.page = page;
    this.#refused = refused;
    this.workspace = workspace;
    this.runtimeDir = workbench.dirs.runtime;
    this.#screenshots = screenshots;
  }

  static async open(options: EditorOptions): Promise<Editor> {
    const family = newFamily();
    try {
      const workspace = path.join(family.dir, 'sample');
      cpSync(options.workspace ?? sampleDir, workspace, { recursive: true });
      const workbench = await startWorkbench({
        family,
        vsix: options.vsix ?? builtVsix,
        settings: {
          'workbench.colorTheme': 'Default Dark Modern',
          // Its text is then in the page, not only painted.
          'terminal.integrated.gpuAcceleration': 'off',
          'terminal.integrated.shellIntegration.enabled': false,
          'editor.minimap.enabled': false,
          ...options.settings,
        },
      });
      const browser = await launchBrowser({ ...process.env, ...family.env });
      const { page, refused } = await openPage(browser, workbench.host, options);
      page.setDefaultTimeout(20_000);
      const screenshots = path.join(outDir, 'screenshots', options.screenshots);
      rmSync(screenshots, { recursive: true, force: true });
      mkdirSync(screenshots, { recursive: true });
      const editor = new Editor(workbench, browser, page, refused, workspace, screenshots);
      await page.goto(workbench.url({ folder: workspace }));
      await page.locator('.monaco-workbench .activitybar').waitFor();
      return editor;
    } catch (e) {
      await family.end();
      throw e;
    }
  }

  /** Closes all of it, and fails where the page asked another host than its server for something. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.#workbench.stop();
    if (this.#refused.length > 0) throw new Error(`the page asked for ${[...new Set(this.#refused)].join(', ')}`);
  }

  /** out/screenshots/.../NN-name.png */
  async screenshot(name: string): Promise<string> {
    const file = path.join(this.#screenshots, `${String(++this.#pictures).padStart(2, '0')}-${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** Runs a command by its title in the command palette, as `Category: Title`. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ has: this.page.getByText(title, { exact: true }) })
      .first()
      .click();
  }

  /** Answers a quick pick that is open. */
  async pick(label: string): Promise<void> {
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows.filter({ hasText: label }).first().click();
  }

  /** Types into the input box that is open and accepts it. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Opens a view container of the activity bar and returns its side bar. */
  async openContainer(title: string): Promise<Locator> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: title });
    await tab.waitFor();
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    const sidebar = this.page.locator('.part.sidebar');
    await sidebar
      .locator('.composite.title, .title-label')
      .filter({ hasText: new RegExp(title, 'i') })
      .first()
      .waitFor();
    return sidebar;
  }

  /** The rows of a tree whose spoken label matches. */
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

  async setTheme(theme: keyof typeof themes): Promise<void> {
    const { label, kind } = themes[theme];
    await this.command('Preferences: Color Theme');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(label);
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows
      .filter({ has: this.page.getByText(label, { exact: true }) })
      .first()
      .click();
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
  }

  /** What the server has written: for messages of failures. */
  get serverLog(): string {
    return this.#workbench.log();
  }
}
