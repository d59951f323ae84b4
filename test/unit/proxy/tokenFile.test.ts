import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ProblemError } from '../../../src/proxy/problems.ts';
import { forgetToken, loadToken, storeToken, tokenFile } from '../../../src/proxy/tokenFile.ts';

describe('the token of the command line', () => {
  let home = '';
  let file = '';
  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-home-'));
    file = tokenFile(home);
  });
  afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

  const refused = (detail: RegExp): Promise<void> =>
    assert.rejects(loadToken(file), (error) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'token-file');
      assert.match(error.message, detail);
      return true;
    });

  it('is kept where only its user reads it, and is replaced and forgotten', async () => {
    assert.equal(await loadToken(file), '');
    await storeToken(file, 'aa11');
    assert.equal(await loadToken(file), 'aa11');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
    fs.chmodSync(file, 0o644);
    await storeToken(file, 'bb22');
    assert.equal(await loadToken(file), 'bb22');
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ['token']);
    await forgetToken(file);
    assert.equal(await loadToken(file), '');
    await forgetToken(file);
  });

  it('is not taken from where others could have read or written it', async () => {
    await storeToken(file, 'aa11');
    fs.chmodSync(file, 0o640);
    await refused(/others may read/);
    fs.chmodSync(file, 0o600);
    fs.chmodSync(path.dirname(file), 0o770);
    await refused(/others may write to/);
    await assert.rejects(storeToken(file, 'bb22'), /others may write to/);
    fs.chmodSync(path.dirname(file), 0o700);
    assert.equal(await loadToken(file), 'aa11');
    fs.renameSync(file, `${file}.real`);
    fs.symlinkSync(`${file}.real`, file);
    await refused(/symbolic link/);
    fs.rmSync(file);
    fs.mkdirSync(file, { mode: 0o700 });
    await refused(/no file/);
    fs.rmdirSync(file);
    execFileSync('mkfifo', ['-m', '600', file]);
    await refused(/no file/);
  });

  it('is not taken from a folder behind a link', async () => {
    await storeToken(file, 'aa11');
    const folder = path.dirname(file);
    fs.renameSync(folder, `${folder}.real`);
    fs.symlinkSync(`${folder}.real`, folder);
    await refused(/no folder/);
  });

  it('is not taken from another user', async function () {
    if (process.geteuid?.() !== 0) this.skip();
    await storeToken(file, 'aa11');
    fs.chownSync(file, 1000, 1000);
    await refused(/another user/);
    fs.chownSync(file, 0, 0);
    fs.chownSync(path.dirname(file), 1000, 1000);
    await refused(/another user/);
  });
});
