// npm run setup: makes this clone ready to run and test. `npm start` and `npm test` do their part of it themselves.
//   node scripts/setup.mjs [step ...]      --list names the steps and tells which are done
import { pathToFileURL } from 'node:url';
import { end } from './lib/lifetime.mjs';
import { withSetupLock } from './lib/setup/lock.mjs';
import { runSteps } from './lib/setup/run-steps.mjs';
import { steps } from './lib/setup/table.mjs';

const log = (line) => console.log(line);

/** Makes the named steps fresh, and resolves to what is lacking; see runSteps(). */
export const setUp = (names, lacking) => withSetupLock(() => runSteps(steps, names, { log, lacking }), log);

/** For what cannot go on without: throws where a step is lacking. */
export async function setUpAll(names) {
  for (const { reason } of (await setUp(names)).values()) throw new Error(reason);
}

async function main(names) {
  if (names.includes('--list')) {
    for (const s of steps) console.log(`${s.name.padEnd(14)} ${s.fresh() ? 'done   ' : 'to do  '} ${s.title}`);
    return;
  }
  const lacking = await setUp(names.length ? names : steps.map((s) => s.name));
  const failed = [...lacking.values()].some((l) => l.failed);
  console.log(lacking.size === 0 ? 'setup: ready' : `setup: without ${[...lacking.keys()].join(', ')}`);
  await end(failed ? 1 : 0);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
