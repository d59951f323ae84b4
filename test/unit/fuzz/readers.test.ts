// A short run of `npm run fuzz:readers`, the same each time, and every input that once broke something.
import fs from 'node:fs';
import path from 'node:path';
import { inputOf } from '../../support/fuzz/mutate.ts';
import { targets } from '../../support/fuzz/targets.ts';

const cases = 120;
const kept = path.resolve(import.meta.dirname, '../../fixtures/fuzz');

describe('readers, fed with changed inputs', () => {
  for (const target of targets)
    it(target.name, () => {
      const seeds = target.seeds();
      for (const seed of seeds) target.run(seed);
      const folder = path.join(kept, target.name);
      if (fs.existsSync(folder))
        for (const file of fs.readdirSync(folder)) target.run(fs.readFileSync(path.join(folder, file)));
      for (let i = 0; i < cases; i++) target.run(inputOf(seeds, 1, i));
    }).timeout(60_000);
});
