// The limits as they are documented are those of the daemon.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

describe('docs/limits.md', () => {
  it('names every limit of the daemon with its variable, and no other', () => {
    const options = [...read('sysext/linux/daemon/options.cc').matchAll(/\{"(--[a-z-]+)", &/g)].map((m) => m[1]!);
    const rows = [...read('docs/limits.md').matchAll(/^\| `(--[a-z-]+)` +\| `([A-Z_]+)`/gm)];
    assert.ok(options.length > 5);
    assert.deepEqual(rows.map((r) => r[1]!).toSorted(), options.toSorted());
    for (const [, option, variable] of rows)
      assert.equal(variable, `FLOWTAP_${option!.slice(2).toUpperCase().replaceAll('-', '_')}`);
  });
});
