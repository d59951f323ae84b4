// npm test: sets up what is missing, then runs every suite. Each suite is a command whose output ends in
// "N passed, N failed[, N skipped]"; a plain check (lint, types) counts as one test.
//   node scripts/test.mjs [suite ...]      --list names them
import { spawn } from 'node:child_process';
import path from 'node:path';
import { suites } from './suites.mjs';

const root = path.resolve(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
if (wanted.includes('--list')) {
  for (const s of suites) console.log(`${s.name.padEnd(12)} ${s.title}`);
  process.exit(0);
}
for (const name of wanted) if (!suites.some((s) => s.name === name)) fail(`no suite ${name}; see npm test -- --list`);

function fail(message) {
  console.error(`test: ${message}`);
  process.exit(2);
}

/** Runs a command, passing its output through, and resolves to its exit code and what it printed. */
function run(command, env) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => {
        text = (text + bytes).slice(-65536);
        process.stdout.write(bytes);
      });
    child.once('error', (e) => resolve({ code: 127, text: e.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, text }));
  });
}

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
for (const suite of suites.filter((s) => wanted.length === 0 || wanted.includes(s.name))) {
  const started = Date.now();
  console.log(`\n== ${suite.title}`);
  const missing = await suite.unavailable?.();
  if (missing) {
    console.log(`skipped: ${missing}`);
    total.skipped++;
    continue;
  }
  const { code, text } = await run(suite.command, suite.env);
  const counts = [...text.matchAll(/^(?:.*: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1);
  const result = suite.check
    ? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
    : { passed: Number(counts?.[1] ?? 0), failed: Number(counts?.[2] ?? 0), skipped: Number(counts?.[3] ?? 0) };
  // A suite that dies, or runs nothing, has failed whatever it counted.
  if (!suite.check && (code !== 0 || !counts || result.passed + result.skipped === 0))
    result.failed = Math.max(1, result.failed);
  for (const key of Object.keys(total)) total[key] += result[key];
  if (result.failed) failures.push(`${suite.name} (${result.failed})`);
  console.log(
    `-- ${suite.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped, ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
}
if (failures.length) console.log(`\nFailed: ${failures.join(', ')}`);
if (total.skipped) console.log(`\n${total.skipped} skipped: see "skipped:" above for why`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed ? 1 : 0);
