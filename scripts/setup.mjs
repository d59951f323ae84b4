// npm run setup: makes this clone ready to run and test. `npm start` and `npm test` do their part of it themselves.
//   node scripts/setup.mjs [step ...]      --list names the steps and tells which are done
import { pathToFileURL } from 'node:url';
import { end } from './lib/lifetime.mjs';
import { withSetupLock } from './lib/setup/lock.mjs';
import { runSteps } from './lib/setup/run-steps.mjs';
import { steps } from './lib/setup/table.mjs';

/** Makes the named steps fresh; see runSteps(). */
export async function setUp(names, log = (line) => console.log(line)) {
  return withSetupLock(() => runSteps(steps, names, log), log);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  if (names.includes('--list'))
    for (const s of steps) console.log(`${s.name.padEnd(14)} ${s.fresh() ? 'done   ' : 'to do  '} ${s.title}`);
  else
    await setUp(names.length ? names : steps.map((s) => s.name)).then(
      () => console.log('setup: ready'),
      (e) => {
        console.error(e.message);
        return end(1);
      },
    );
}
