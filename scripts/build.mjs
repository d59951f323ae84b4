// npm run build: generated sources, native programs, bundles. Quick when nothing changed.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const steps = [
  'scripts/gen-proto.mjs',
  ...(process.platform === 'linux' ? ['scripts/build-native.mjs'] : []),
  'esbuild.mjs',
];
for (const step of steps) {
  const { status } = spawnSync(process.execPath, [step, ...(step === 'esbuild.mjs' ? process.argv.slice(2) : [])], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
