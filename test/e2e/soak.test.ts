// The short version of `npm run soak`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { missing, root, skipFor } from '../support/daemon.ts';

describe('many flows', function () {
  this.timeout(240_000);
  before(function () {
    skipFor(this, missing());
  });

  it('leave memory and descriptors as they were, and are accounted for, whatever subscribers do', () => {
    const command = ['bench/soak/main.ts', '--flows', '6000', '--idle', '300'];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /soak: held\s*$/);
  });
});
