// npm test: runs the suites of suites.mjs, each after the set-up that it needs.
//   node scripts/test.mjs [suite ...]      --list names them
// Written with built-ins only, since the first run has no node_modules.
import path from 'node:path';
import { cleanEnvironment, userPath } from './lib/environment.mjs';
import { end } from './lib/lifetime.mjs';
import { node24, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './setup.mjs';
import { suites } from './suites.mjs';

const usage = `npm test -- [suite ...]

  --list    names the suites
  --help    this text
`;
const always = ['dependencies', 'node', 'proto'];
const countLine = /^(?:.*: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm;
const lacking = new Map();

async function main(wanted) {
  if (wanted.includes('--help')) return void process.stdout.write(usage);
  if (wanted.includes('--list')) {
    for (const s of suites) console.log(`${s.name.padEnd(12)} ${s.title}`);
    return;
  }
  const unknown = wanted.find((name) => !suites.some((s) => s.name === name));
  if (unknown) throw new Error(`no suite ${unknown}; there are: ${suites.map((s) => s.name).join(', ')}`);

  const results = [];
  for (const suite of suites.filter((s) => wanted.length === 0 || wanted.includes(s.name))) {
    const started = Date.now();
    console.log(`\n== ${suite.title}`);
    const result = { suite, ...(await runSuite(suite)) };
    results.push(result);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`-- ${suite.name}: ${counts(result)}, ${result.skipped} skipped in ${seconds} s`);
  }
  await summarise(results);
}

/** Resolves to { passed, failed, skipped, why? }. */
async function runSuite({ check, command, env, limitSeconds = 900, needs = [], unavailable, wants = [] }) {
  const impossible = unavailable?.();
  if (impossible) return skip(impossible);
  await setUp([...always, ...needs, ...wants], lacking);
  const without = [...always, ...needs].map((name) => lacking.get(name)).find(Boolean);
  if (without) return without.failed ? { passed: 0, failed: 1, skipped: 0, why: without.reason } : skip(without.reason);

  const bin = [path.dirname(node24()), path.join(root, 'node_modules/.bin'), userPath()];
  const { code, output } = await run(command[0], command.slice(1), {
    // Some colour a log when CI is set.
    env: cleanEnvironment({
      PATH: bin.join(path.delimiter),
      NO_COLOR: process.stdout.isTTY ? undefined : '1',
      ...env,
    }),
    limitSeconds,
    onText: (text) => process.stdout.write(text),
  });
  const ok = code === 0;
  const failures = ok ? [] : failuresIn(output);
  if (check) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures };
  const last = [...output.matchAll(countLine)].at(-1);
  const [passed, failed, skipped] = [1, 2, 3].map((i) => Number(last?.[i] ?? 0));
  // A suite that dies, or counts nothing, has failed whatever it said before.
  if (ok && last && passed + skipped > 0) return { passed, failed, skipped };
  return { passed, failed: Math.max(1, failed), skipped, failures, why: failed ? undefined : `it ended with ${code}` };
}

/**
 * What to repeat at the very end, where a reader of a long log looks first: the numbered failures of mocha, the lines of a
 * native runner that name a failure, or else the last lines.
 */
function failuresIn(output) {
  const lines = output.split('\n').map((line) => line.trimEnd());
  const list = lines.findLastIndex((line) => /^ {2}\d+ failing$/.test(line));
  const details =
    list < 0 ? [] : lines.slice(list + 1).filter((line) => /^ {2,7}\S/.test(line) && !/^ +(?:[-+{}]|at )/.test(line));
  const named = details.length > 0 ? details : lines.filter((line) => /^(not ok|FAIL|FAILED|fail(ed)?:)\b/i.test(line));
  const shown = named.length > 0 ? named.slice(0, 12) : lines.filter(Boolean).slice(-8);
  return shown.map((line) => line.trim().slice(0, 160));
}

function skip(why) {
  console.log(`skipped: ${why}`);
  return { passed: 0, failed: 0, skipped: 1, why };
}

const counts = ({ passed, failed }) => `${passed} passed, ${failed} failed`;

async function summarise(results) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  console.log('');
  for (const { suite, failed, skipped, why } of results)
    if (skipped && !failed) console.log(`skipped  ${suite.title}: ${why ?? `${skipped} of its tests, see above`}`);
  for (const result of results) {
    for (const key of Object.keys(total)) total[key] += result[key];
    const { suite, failed, failures = [], why } = result;
    if (!failed) continue;
    console.log(`FAILED   ${suite.title}${why ? `: ${why}` : ''}`);
    for (const line of failures) console.log(`         ${line}`);
  }
  console.log(counts(total));
  await end(total.failed > 0 ? 1 : 0);
}

main(process.argv.slice(2)).catch((e) => {
  console.error(`npm test: ${e.message}`);
  void end(2);
});
