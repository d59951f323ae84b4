// Runs the bundled in-host tests (out/host-tests) in the extension host of the npm workbench and ends with
// "N passed, N failed, N skipped".      node test/support/host-tests.ts [pattern of test titles]
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { newFamily } from '../../scripts/lib/family.mjs';
import { end } from '../../scripts/lib/lifetime.mjs';
import { outDir, sampleDir } from '../../scripts/lib/paths.mjs';
import type { HostResult } from '../host/index.ts';
import { runInHost } from './in-host.ts';

// Also in test/host/index.ts, which cannot be imported outside an extension host's bundle.
const consolePrefix = 'mocha| ';
const family = newFamily();
const workspace = path.join(family.dir, 'workspace');
const resultFile = path.join(family.dir, 'result.json');
cpSync(sampleDir, workspace, { recursive: true });

const { code, log } = await runInHost({
  family,
  workspace,
  entry: path.join(outDir, 'host-tests/index.cjs'),
  env: { FLOWTAP_TEST_RESULT: resultFile, FLOWTAP_TEST_GREP: process.argv[2] },
  onLine: (line) => {
    if (line.startsWith(consolePrefix)) console.log(line.slice(consolePrefix.length));
  },
});
if (code === undefined) console.log(log);
const result: HostResult = existsSync(resultFile)
  ? (JSON.parse(readFileSync(resultFile, 'utf8')) as HostResult)
  : { passed: 0, failed: 1, skipped: 0 };
// A host that dies after its last test has not passed.
if (code !== 0) result.failed = Math.max(1, result.failed);
console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
await end(result.failed > 0 ? 1 : 0);
