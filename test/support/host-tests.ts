// Runs the bundled in-host tests (out/host-tests) in the extension host of the npm workbench and ends with
// "N passed, N failed, N skipped".      node test/support/host-tests.ts [pattern of test titles]
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { launchBrowser, openPage } from '../../scripts/lib/browser.mjs';
import { newFamily } from '../../scripts/lib/family.mjs';
import { end } from '../../scripts/lib/lifetime.mjs';
import { outDir, root, sampleDir } from '../../scripts/lib/paths.mjs';
import { startWorkbench } from '../../scripts/lib/workbench.mjs';
import type { HostResult } from '../host/index.ts';

// Also in test/host/index.ts, which cannot be imported outside an extension host's bundle.
const consolePrefix = 'mocha| ';
const limitSeconds = 300;
const family = newFamily();
const workspace = path.join(family.dir, 'workspace');
const resultFile = path.join(family.dir, 'result.json');
cpSync(sampleDir, workspace, { recursive: true });

const workbench = await startWorkbench({
  family,
  driver: true,
  env: { FLOWTAP_TEST_RESULT: resultFile, FLOWTAP_TEST_GREP: process.argv[2] },
});
const browser = await launchBrowser({ ...process.env, ...family.env });
const { page } = await openPage(browser, workbench.host);
const uri = (file: string): string => `vscode-remote://${workbench.host}${file}`;

// The workbench tells the test run's console and end through these two, which its driver looks for.
const wholeLog: string[] = [];
await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown) => {
  const line = (Array.isArray(args) ? args : [args])
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    .join(' ');
  wholeLog.push(line);
  if (line.startsWith(consolePrefix)) console.log(line.slice(consolePrefix.length));
});
const exited = new Promise<number>((resolve) => void page.exposeFunction('codeAutomationExit', resolve));
const timedOut = new Promise<undefined>((resolve) => void setTimeout(resolve, limitSeconds * 1000));
await page.goto(
  workbench.url({
    folder: workspace,
    payload: JSON.stringify([
      ['extensionDevelopmentPath', uri(root)],
      ['extensionTestsPath', uri(path.join(outDir, 'host-tests/index.cjs'))],
    ]),
  }),
);
const code = await Promise.race([exited, timedOut, workbench.exited.then(() => undefined)]);
if (code === undefined) {
  mkdirSync(path.join(outDir, 'screenshots'), { recursive: true });
  const picture = path.join(outDir, 'screenshots/host-tests.png');
  await page.screenshot({ path: picture }).catch(() => undefined);
  console.log(
    `The extension host did not finish in ${limitSeconds} s; see ${picture}\n${wholeLog.join('\n')}\n${workbench.log()}`,
  );
}
await browser.close();
const result: HostResult = existsSync(resultFile)
  ? (JSON.parse(readFileSync(resultFile, 'utf8')) as HostResult)
  : { passed: 0, failed: 1, skipped: 0 };
// A host that dies after its last test has not passed.
if (code !== 0) result.failed = Math.max(1, result.failed);
console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
await end(result.failed > 0 ? 1 : 0);
