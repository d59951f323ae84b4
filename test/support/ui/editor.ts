// A private VS Code with a VSIX installed, in a browser.
import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../../../scripts/lib/browser.mjs';
import { newFamily } from '../../../scripts/lib/family.mjs';
import { outDir, sampleDir } from '../../../scripts/lib/paths.mjs';
import { startWorkbench } from '../../../scripts/lib/workbench.mjs';
import { EditorPage } from './editor-page.ts';

export interface EditorOptions {
  /** Pictures go to out/screenshots/NAME. */
  name: string;
  /** Default: this machine's package. */
  vsix?: string;
  /** Copied, so that a test can change it. Default: the sample. */
  workspace?: string;
  settings?: Readonly<Record<string, unknown>>;
  env?: Readonly<Record<string, string>>;
  /** The window is in Restricted Mode: its folder is not trusted. */
  restricted?: boolean;
  width?: number;
  height?: number;
}

const builtVsix = path.join(outDir, `flowtap-${process.platform}-${process.arch}.vsix`);

interface Parts {
  workbench: Awaited<ReturnType<typeof startWorkbench>>;
  browser: Browser;
  page: Page;
  refused: readonly string[];
  workspace: string;
}

export class Editor extends EditorPage {
  /** XDG_RUNTIME_DIR of all that runs in it. */
  readonly runtimeDir: string;
  readonly workspace: string;
  /** The workbench's own files: settings, logs. */
  readonly profile: string;
  readonly #parts: Parts;

  private constructor(parts: Parts, name: string) {
    super(parts.page, name);
    this.#parts = parts;
    this.runtimeDir = parts.workbench.dirs.runtime;
    this.workspace = parts.workspace;
    this.profile = path.dirname(parts.workbench.dirs.data);
  }

  static async open(options: EditorOptions): Promise<Editor> {
    const family = newFamily();
    try {
      const workspace = path.join(family.dir, 'sample');
      cpSync(options.workspace ?? sampleDir, workspace, { recursive: true });
      const workbench = await startWorkbench({
        family,
        vsix: options.vsix ?? builtVsix,
        settings: { 'workbench.colorTheme': 'Default Dark Modern', ...options.settings },
        env: options.env,
        restricted: options.restricted ?? false,
      });
      const browser = await launchBrowser({ ...process.env, ...family.env });
      const { page, refused } = await openPage(browser, workbench.host, options);
      const editor = new Editor({ workbench, browser, page, refused, workspace }, options.name);
      await editor.goto(workbench.url({ folder: workspace }));
      return editor;
    } catch (e) {
      await family.end();
      throw e;
    }
  }

  /** Closes all of it, and fails where the page asked another host than its server for something. */
  async close(): Promise<void> {
    const { browser, workbench, refused } = this.#parts;
    await browser.close();
    await workbench.stop();
    if (refused.length > 0) throw new Error(`the page asked for ${[...new Set(refused)].join(', ')}`);
  }

  /** What the server has written: for messages of failures. */
  get serverLog(): string {
    return this.#parts.workbench.log();
  }
}
