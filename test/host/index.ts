// VS Code's entry point for tests (extensionTestsPath): runs mocha inside the extension host. The same file serves
// the npm workbench (test/support/host-tests.ts) and a desktop VS Code (the launch configuration "In-host tests").
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** What the runner outside shows of the host's console: the workbench writes a lot to it too. */
const consolePrefix = 'mocha| ';

export interface HostResult {
  passed: number;
  failed: number;
  skipped: number;
}

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, color: false, reporter: 'spec', forbidOnly: true });
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]) => console.log(`${consolePrefix}${format(...parts)}`);
  if (process.env['FLOWTAP_TEST_GREP']) mocha.grep(process.env['FLOWTAP_TEST_GREP']);
  // Bundled as CommonJS, so __dirname is where the bundles are.
  for (const file of readdirSync(__dirname, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, file));
  const result = await new Promise<HostResult>((resolve) => {
    const runner = mocha.run(() => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      resolve({ passed: passes, failed: failures, skipped: pending });
    });
  });
  const file = process.env['FLOWTAP_TEST_RESULT'];
  if (file) writeFileSync(file, JSON.stringify(result));
  if (result.failed > 0) throw new Error(`${result.failed} tests failed`);
}
