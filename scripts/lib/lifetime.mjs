// How a script ends: whatever the reason, first what it started is ended.
import os from 'node:os';
import { endRunning } from './run.mjs';

const cleanups = new Set();
let ending;

/** Runs f (it may be async) before this process ends. Returns a function that takes it back. */
export function atEnd(f) {
  cleanups.add(f);
  return () => cleanups.delete(f);
}

/** Cleans up, last thing started first, and ends this process. */
export function end(code) {
  ending ??= (async () => {
    endRunning();
    for (const cleanup of [...cleanups].reverse()) {
      try {
        await cleanup();
      } catch (e) {
        console.error(e);
      }
    }
    process.exit(code);
  })();
  return ending;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    void end(128 + os.constants.signals[signal]);
  });
process.on('uncaughtException', (e) => {
  console.error(e);
  void end(1);
});
