import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tarOf } from '../../scripts/lib/tar.mjs';

describe('tar archives', () => {
  const work = mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
  const folder = path.join(work, 'A.app');
  const long = `${'folder/'.repeat(14)}${'n'.repeat(90)}`; // ustar's prefix is needed
  before(() => {
    mkdirSync(path.join(folder, path.dirname(long)), { recursive: true });
    writeFileSync(path.join(folder, long), 'x'.repeat(1000));
    writeFileSync(path.join(folder, 'program'), '');
    chmodSync(path.join(folder, 'program'), 0o777);
  });
  after(() => rmSync(work, { recursive: true }));

  it('are unpacked by tar to what they were made of', () => {
    const archive = path.join(work, 'a.tar');
    writeFileSync(archive, tarOf(folder, { mtime: 1_700_000_000 }));
    const to = path.join(work, 'unpacked');
    mkdirSync(to);
    execFileSync('tar', ['-xpf', archive, '-C', to]);
    assert.equal(readFileSync(path.join(to, 'A.app', long), 'utf8'), 'x'.repeat(1000));
    const mode = (name: string): number => statSync(path.join(to, 'A.app', name)).mode & 0o777;
    assert.deepEqual([mode('program'), mode(long)], [0o755, 0o644]);
    assert.equal(statSync(path.join(to, 'A.app/program')).mtimeMs, 1_700_000_000_000);
  });

  it('hold no link out of the folder, and no name that cannot be kept', () => {
    const made = (): Buffer => tarOf(folder, { mtime: 0 });
    const link = path.join(folder, 'link');
    symlinkSync('/dev/null', link);
    assert.throws(made, /neither a file nor a folder/);
    rmSync(link);
    const tooLong = path.join(folder, 'n'.repeat(120));
    writeFileSync(tooLong, '');
    assert.throws(made, /too long for a tar archive/);
    rmSync(tooLong);
  });
});
