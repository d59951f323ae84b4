// Runs a bundle with `run()` inside the extension host of the npm workbench, as VS Code runs extension tests
// (extensionTestsPath).
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { launchBrowser, openPage } from '../../scripts/lib/browser.mjs';
import type { newFamily } from '../../scripts/lib/family.mjs';
import { outDir, root } from '../../scripts/lib/paths.mjs';
import { startWorkbench } from '../../scripts/lib/workbench.mjs';

export interface InHostOptions {
  family: ReturnType<typeof newFamily>;
  workspace: string;
  /** The bundle, CommonJS. */
  entry: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: 300. */
  limitSeconds?: number;
  /** Hears what the host writes to its console, and the workbench to its own. */
  onLine?: (line: string) => void;
}
export interface InHostResult {
  /** 0: `run()` resolved; undefined: it did not end in time, or the workbench did. */
  readonly code: number | undefined;
  /** What to read where it did not. */
  readonly log: string;
}

export async function runInHost(options: InHostOptions): Promise<InHostResult> {
  const { family, workspace, entry, env = {}, limitSeconds = 300, onLine } = options;
  const workbench = await startWorkbench({ family, driver: true, env });
  const browser = await launchBrowser({ ...process.env, ...family.env });
  const { page } = await openPage(browser, workbench.host);
  const uri = (file: string): string => `vscode-remote://${workbench.host}${file}`;

  // The workbench tells the run's console and end through these two, which its driver looks for.
  const lines: string[] = [];
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown) => {
    const line = (Array.isArray(args) ? args : [args])
      .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
      .join(' ');
    lines.push(line);
    onLine?.(line);
  });
  const exited = new Promise<number>((resolve) => void page.exposeFunction('codeAutomationExit', resolve));
  const timedOut = new Promise<undefined>((resolve) => void setTimeout(resolve, limitSeconds * 1000));
  await page.goto(
    workbench.url({
      folder: workspace,
      payload: JSON.stringify([
        ['extensionDevelopmentPath', uri(root)],
        ['extensionTestsPath', uri(entry)],
      ]),
    }),
  );
  const code = await Promise.race([exited, timedOut, workbench.exited.then(() => undefined)]);
  let log = '';
  if (code === undefined) {
    mkdirSync(path.join(outDir, 'screenshots'), { recursive: true });
    const picture = path.join(outDir, 'screenshots/in-host.png');
    await page.screenshot({ path: picture }).catch(() => undefined);
    log = `The extension host did not finish in ${limitSeconds} s; see ${picture}\n`;
  }
  if (code !== 0) log += `${lines.join('\n')}\n${workbench.log()}`;
  await browser.close();
  return { code, log };
}
