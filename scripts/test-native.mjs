// Builds native test programs and runs them, then prints the sum of their "N passed, N failed" lines.
//   node scripts/test-native.mjs VARIANT:TARGET ...          a program of native-targets.mjs
//   node scripts/test-native.mjs VARIANT:bridge=SCRIPT ...   a script that node runs with that build of the addon
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folders = { asan: 'out/asan', tsan: 'out/tsan', release: `dist/bin/${process.platform}-${process.arch}` };
const sanitizer = {
  // Node is not instrumented: the library must be there first, and Node's own leaks are not ours.
  asan: () => ({ LD_PRELOAD: runtime('libasan.so'), ASAN_OPTIONS: 'detect_leaks=0' }),
  tsan: () => ({ LD_PRELOAD: runtime('libtsan.so') }),
  release: () => ({}),
};
const runtime = (name) =>
  execFileSync(process.env.CXX ?? 'g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();

const total = { passed: 0, failed: 0, skipped: 0 };
for (const argument of process.argv.slice(2)) {
  const [, variant, target, script] = /^(\w+):([\w-]+)(?:=(.+))?$/.exec(argument) ?? [];
  if (!folders[variant]) {
    console.error(
      `test-native: ${argument} is not VARIANT:TARGET[=SCRIPT]; variants: ${Object.keys(folders).join(', ')}`,
    );
    process.exit(2);
  }
  console.log(`${target} (${variant}${script ? `, ${script}` : ''})`);
  const built = spawnSync(process.execPath, ['scripts/build-native.mjs', '--variant', variant, target], {
    cwd: root,
    stdio: 'inherit',
  });
  let text = '';
  let status = built.status;
  if (status === 0) {
    const [command, args, env] = script
      ? [
          process.execPath,
          [script],
          { FLOWTAP_BRIDGE: path.join(root, folders[variant], 'bridge.node'), ...sanitizer[variant]() },
        ]
      : [path.join(root, folders[variant], target), [], {}];
    const run = spawnSync(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    text = run.stdout;
    status = run.status ?? `ended by ${run.signal}`;
  }
  process.stdout.write(text.replace(/^/gm, '  ').trimEnd() + '\n');
  const counts = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1);
  const [passed, failed, skipped] = [1, 2, 3].map((i) => Number(counts?.[i] ?? 0));
  total.passed += passed;
  total.skipped += skipped;
  total.failed += failed;
  // A program that dies, or runs nothing, has failed whatever it counted.
  if ((status !== 0 || !counts || passed === 0) && failed === 0) {
    console.log(`  FAILED: ${argument}: exit status ${status}`);
    total.failed++;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed ? 1 : 0);
