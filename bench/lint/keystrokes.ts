// From a keystroke to the underline, in the extension host of a real workbench: the half that runs outside.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { newFamily } from '../../scripts/lib/family.mjs';
import { outDir, sampleDir } from '../../scripts/lib/paths.mjs';
import { runInHost } from '../../test/support/in-host.ts';
import type { Note } from './main.ts';
import { percentile } from './samples.ts';

export async function keystrokes(note: Note): Promise<void> {
  const entry = path.join(outDir, 'bench/keystrokes.cjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'inHost.ts')],
    outfile: entry,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    logLevel: 'error',
  });
  const family = newFamily();
  const workspace = path.join(family.dir, 'workspace');
  cpSync(sampleDir, workspace, { recursive: true });
  const result = path.join(family.dir, 'result.json');
  const { code, log } = await runInHost({ family, workspace, entry, env: { FLOWTAP_BENCH_RESULT: result } });
  if (code !== 0) throw new Error(`the extension host ended with ${code}:\n${log}`);
  const times = JSON.parse(readFileSync(result, 'utf8')) as Record<string, number[]>;
  for (const [what, taken] of Object.entries(times))
    note({ what, median: percentile(taken, 50), p99: percentile(taken, 99), goal: 50 });
}
