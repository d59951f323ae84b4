// npm run fuzz:readers: changed inputs for every dissector, file reader and the query language (test/support/fuzz).
//   npm run fuzz:readers -- [target ...] [--seconds N] [--seed N]   each target for so long (30), from another seed each time
//   npm run fuzz:readers -- TARGET --replay FILE                    one input
// An input that throws, takes long or fills the memory is kept in out/fuzz/TARGET; a copy of it in
// test/fixtures/fuzz/TARGET makes it part of `npm test`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { inputOf } from '../test/support/fuzz/mutate.ts';
import { targets } from '../test/support/fuzz/targets.ts';
import { root } from './lib/paths.mjs';

/** A case of at most 64 KiB that has not ended by then hangs, even where the machine is busy. Milliseconds. */
const patience = 20_000;
const heapMegabytes = 512;
const maxBuffers = 512 << 20;

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean' },
  },
  allowPositionals: true,
});

/** Resolves to what happened: the number of the last case, and what broke it. */
function fuzz(name, seed, milliseconds) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  return new Promise((resolve) => {
    const worker = new Worker(new URL('../test/support/fuzz/worker.ts', import.meta.url), {
      workerData: { name, seed, from: 0, shared, maxBuffers },
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    let [last, since] = [-1, Date.now()];
    const stop = setTimeout(() => Atomics.store(shared, 1, 1), milliseconds);
    const watch = setInterval(() => {
      const now = Atomics.load(shared, 0);
      if (now !== last) [last, since] = [now, Date.now()];
      else if (Date.now() - since > patience) end({ number: now, error: `case ${now} does not end` });
    }, 500);
    const end = (result) => {
      clearTimeout(stop);
      clearInterval(watch);
      void worker.terminate().then(() => resolve(result));
    };
    worker.on('message', end);
    worker.on('error', (error) => end({ number: Atomics.load(shared, 0), error: error.stack ?? String(error) }));
  });
}

const usage = `npm run fuzz:readers -- [target ...] [--seconds N] [--seed N]
npm run fuzz:readers -- TARGET --replay FILE

targets: ${targets.map((t) => t.name).join(', ')}
`;

async function main() {
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = positionals.find((p) => !targets.some((t) => t.name === p));
  if (unknown) throw new Error(`no target ${unknown}; there are: ${targets.map((t) => t.name).join(', ')}`);
  const chosen = targets.filter((t) => positionals.length === 0 || positionals.includes(t.name));
  if (values.replay) {
    if (chosen.length !== 1) throw new Error('--replay needs one target');
    chosen[0].run(readFileSync(values.replay));
    return 0;
  }
  setFlagsFromString('--expose-gc'); // for the workers
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  let failed = 0;
  for (const { name, seeds } of chosen) {
    const { number, error } = await fuzz(name, seed, Number(values.seconds) * 1000);
    console.log(`${name.padEnd(18)} ${String(number).padStart(9)} inputs${error ? '  FAILED' : ''}`);
    if (!error) continue;
    failed++;
    const file = path.join(root, 'out/fuzz', name, `${seed}-${number}`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, inputOf(seeds(), seed, number));
    console.log(`${error}\nAgain: npm run fuzz:readers -- ${name} --replay ${path.relative(root, file)}`);
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  return failed ? 1 : 0;
}

process.exitCode = await main().catch((error) => {
  console.error(`fuzz:readers: ${error.message}`);
  return 2;
});
