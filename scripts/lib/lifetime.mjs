// How a script ends: whatever the reason, first what it started is ended.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { endRunning } from './run.mjs';

const cleanups = new Set();
let ending;

/** Runs f (it may be async) before this process ends. Returns a function that takes it back. */
export function atEnd(f) {
  cleanups.add(f);
  return () => cleanups.delete(f);
}

/** Whether the end has begun: what ends now was ended by us. */
export const isEnding = () => ending !== undefined;

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

// npm runs us through a shell. Either may be killed alone, and neither then tells us: end when one is gone.
const statusOf = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // It is gone, or this is not Linux.
  }
};
function ancestors() {
  const parent = statusOf(process.ppid);
  const behindShell = /^Name:\t\w*sh$/m.test(parent);
  return `${process.ppid} ${behindShell ? /^PPid:\t(\d+)$/m.exec(parent)?.[1] : ''}`;
}
if (process.env.npm_lifecycle_event) {
  const before = ancestors();
  setInterval(() => {
    if (ancestors() !== before) void end(1);
  }, 500).unref();
}
