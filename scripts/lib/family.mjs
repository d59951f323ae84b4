// Everything that a command of ours starts, however far down and however detached, carries a mark in its
// environment. So it can be found and ended, and nothing else is.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd } from './lifetime.mjs';

const variable = 'FLOWTAP_SESSION_MARK';

/**
 * A group of processes with a folder for their run-time files. `env` makes a process and all it starts members;
 * end() ends them and removes the folder, and so does this process's end, however it comes.
 */
export function newFamily() {
  const mark = randomBytes(12).toString('hex');
  // Short, since Unix sockets go in there: their paths have 107 bytes at most.
  const dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-'));
  const reaper = spawn(process.execPath, [path.join(import.meta.dirname, 'reaper.mjs'), mark, dir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  reaper.unref();
  reaper.stdin.on('error', () => {});
  let ending;
  const takeBack = atEnd(end);
  function end() {
    return (ending ??= endMarked(mark).then(() => {
      takeBack();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      reaper.stdin.end();
    }));
  }
  return { dir, env: { [variable]: mark }, members: () => marked(mark), end };
}

/** The live processes of this user that carry the mark. Linux only; elsewhere process groups must do. */
function marked(mark) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${variable}=${mark}\0`);
      } catch {
        return false; // Another user's, or gone. What has ended but is not waited for has no environment.
      }
    })
    .map(Number);
}

function signalAll(pids, signal) {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
}

/** Asks the marked processes to end, then makes them. Resolves when none is left. */
export async function endMarked(mark, graceMs = 3000) {
  signalAll(marked(mark), 'SIGTERM');
  for (const until = Date.now() + graceMs; Date.now() < until && marked(mark).length > 0;) await sleep(50);
  for (let left = marked(mark); left.length > 0; left = marked(mark)) {
    signalAll(left, 'SIGKILL');
    await sleep(20);
  }
}
