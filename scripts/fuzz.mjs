// npm run fuzz: libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer on the native parsers (sysext/fuzz).
//   npm run fuzz -- [target ...] [--seconds N]     each target for so long (60)
//   npm run fuzz -- [target ...] --runs N          so many inputs each, with a fixed seed: what `npm test` does
//   npm run fuzz -- TARGET --replay FILE           one input, with the whole report
//   npm run fuzz -- [target ...] --keep            adds what was found since to the corpora in the repository
// Inputs that reach new code are collected in out/fuzz/TARGET/corpus, those that crash in out/fuzz/TARGET.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cleanEnvironment } from './lib/environment.mjs';
import { end } from './lib/lifetime.mjs';
import { root } from './lib/paths.mjs';
import { run, runOrThrow } from './lib/run.mjs';
import { fuzzTargets } from './native-targets.mjs';
import { setUpAll } from './setup.mjs';

const maxBytes = '16384'; // of one input: frames of a megabyte only slow it down
const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const count = new Intl.NumberFormat('en');
const program = (target) => path.join(root, 'out/asan', `fuzz-${target}`);
const kept = (target) => path.join(root, 'sysext/fuzz/corpus', target);
const found = (target) => path.join(root, 'out/fuzz', target, 'corpus');
const env = cleanEnvironment({ ASAN_OPTIONS: 'detect_leaks=1', UBSAN_OPTIONS: 'print_stacktrace=1' });

async function main() {
  const unknown = positionals.find((name) => !fuzzTargets.includes(name));
  if (unknown) throw new Error(`no target ${unknown}; there are: ${fuzzTargets.join(', ')}`);
  const targets = positionals.length ? positionals : fuzzTargets;
  if (values.replay && targets.length !== 1) throw new Error('--replay needs one target');
  await setUpAll(['dependencies', 'node', 'proto', 'fuzzer']);
  await runOrThrow(
    process.execPath,
    ['scripts/build-native.mjs', '--variant', 'asan', ...targets.map((t) => `fuzz-${t}`)],
    { onText: (text) => process.stderr.write(text) },
  );
  if (values.replay) return (await run(program(targets[0]), [values.replay], { env, onText: show })).code;
  if (values.keep) return keep(targets);
  let failed = 0;
  for (const target of targets) if (!(await fuzz(target))) failed++;
  if (!values.runs) console.log('The readers in TypeScript are fuzzed by: npm run fuzz:readers');
  console.log(`${targets.length - failed} passed, ${failed} failed`);
  return failed ? 1 : 0;
}

const show = (text) => process.stdout.write(text);

/** False where an input broke it. */
async function fuzz(target) {
  const folder = path.dirname(found(target));
  // Counted runs are to be the same wherever they run, so they begin with the corpus of the repository alone.
  const into = values.runs ? path.join(folder, 'counted') : found(target);
  if (values.runs) rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  mkdirSync(kept(target), { recursive: true });
  const seen = watch();
  const { code } = await run(
    program(target),
    [
      ...(values.runs ? [`-runs=${values.runs}`, '-seed=1'] : [`-max_total_time=${values.seconds}`]),
      `-artifact_prefix=${folder}/`,
      `-max_len=${maxBytes}`,
      '-timeout=20',
      '-rss_limit_mb=1024',
      '-print_final_stats=1',
      into,
      kept(target),
    ],
    { env, onText: seen.text },
  );
  const { before, after, inputs, rate, report, file } = seen;
  console.log(
    `${target.padEnd(14)} ${count.format(inputs).padStart(12)} inputs${rate ? `, ${count.format(rate)} a second` : ''}; coverage ${before} ` +
      `to ${after}; ${readdirSync(into).length} inputs found beside the ${readdirSync(kept(target)).length} kept`,
  );
  if (code === 0) return true;
  console.log(report.join('\n'));
  console.log(
    file
      ? `FAILED: ${target}. Again: npm run fuzz -- ${target} --replay ${path.relative(root, file)}`
      : `FAILED: ${target} ended with ${code}`,
  );
  return false;
}

/** Picks the figures, and the report of a fault, out of libFuzzer's lines. */
function watch() {
  const seen = { before: 0, after: 0, inputs: 0, rate: 0, report: [], file: undefined, text };
  let line = '';
  function text(piece) {
    const lines = (line + piece).split('\n');
    line = lines.pop();
    for (const each of lines) take(each);
  }
  function take(each) {
    const coverage = /^#\d+\s+(\w+)\s+cov: (\d+)/.exec(each);
    if (coverage) seen.after = Number(coverage[2]);
    if (coverage?.[1] === 'INITED') seen.before = seen.after;
    const figure = /^stat::(\w+): +(\d+)/.exec(each);
    if (figure?.[1] === 'number_of_executed_units') seen.inputs = Number(figure[2]);
    if (figure?.[1] === 'average_exec_per_sec') seen.rate = Number(figure[2]);
    seen.file ??= /Test unit written to (\S+)/.exec(each)?.[1];
    const begins = /runtime error:|ERROR: |^broken: /.test(each);
    if (!coverage && (begins || (seen.report.length > 0 && seen.report.length < 60))) seen.report.push(each);
  }
  return seen;
}

/** The smallest set of inputs that reaches as much, anew in the repository. */
async function keep(targets) {
  for (const target of targets) {
    const smallest = path.join(path.dirname(found(target)), 'smallest');
    rmSync(smallest, { recursive: true, force: true });
    for (const folder of [smallest, found(target), kept(target)]) mkdirSync(folder, { recursive: true });
    const options = ['-merge=1', '-set_cover_merge=1', '-use_counters=0', `-max_len=${maxBytes}`];
    await runOrThrow(program(target), [...options, smallest, kept(target), found(target)], { env });
    rmSync(kept(target), { recursive: true });
    await runOrThrow('cp', ['-r', smallest, kept(target)]);
    console.log(`${target.padEnd(14)} ${readdirSync(kept(target)).length} inputs kept`);
  }
  return 0;
}

main()
  .then((code) => end(code))
  .catch((e) => {
    console.error(`fuzz: ${e.message}`);
    void end(2);
  });
