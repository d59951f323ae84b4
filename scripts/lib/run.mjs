// Runs a program to its end, in its own process group, so that nothing it started outlives this process.
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';
import { cleanEnvironment } from './environment.mjs';

const running = new Set();
/** Ends every program that is still running, with what it started. */
export function endRunning(signal = 'SIGTERM') {
  for (const child of running) killGroup(child.pid, signal);
}
process.on('exit', () => endRunning('SIGKILL'));

export function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false; // It is gone.
  }
}

/** Resolves to { code, output }; never rejects. `onText` gets stdout and stderr as they come. */
export function run(
  command,
  args,
  { cwd = root, env = cleanEnvironment(), onText, keep = 256 * 1024, limitSeconds } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    if (child.pid !== undefined) running.add(child);
    const limit = limitSeconds && setTimeout(() => killGroup(child.pid, 'SIGKILL'), limitSeconds * 1000);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-keep);
        onText?.(text);
      });
    child.once('error', (e) => {
      clearTimeout(limit);
      resolve({ code: 127, output: `${command}: ${e.message}\n` });
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      clearTimeout(limit);
      resolve({ code: code ?? 128, output: signal ? `${output}\nended by ${signal}\n` : output });
    });
  });
}

/** As run(), but throws an error that holds the output where the program fails. */
export async function runOrThrow(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output.trimEnd()}`);
  return output;
}
