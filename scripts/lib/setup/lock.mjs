// One set-up at a time in this folder: `npm start` and `npm test` may be run together.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outDir } from '../paths.mjs';

const file = path.join(outDir, 'setup.lock');
const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return e.code === 'EPERM';
  }
};

/** Runs f while no other process is in here. A lock whose owner has died is taken over. */
export async function withSetupLock(f, log) {
  mkdirSync(outDir, { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (e) {
      if (e.code !== 'EEXIST') throw e;
    }
    const owner = Number(readFileSync(file, { encoding: 'utf8', flag: 'a+' }));
    if (owner > 0 && !alive(owner)) rmSync(file, { force: true });
    else if (!told) {
      log(`setup: waiting for the set-up of another command (process ${owner})`);
      told = true;
    }
    await sleep(200);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await f();
  } finally {
    process.off('exit', release);
    release();
  }
}
