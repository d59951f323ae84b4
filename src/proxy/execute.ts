// Runs one of the package's own programs and takes down what it prints.
import { spawn } from 'node:child_process';
import { problem, ProblemError } from './problems.ts';
import { signalNumber } from './signals.ts';

export interface Executed {
  /** 128 + n where a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const mostOutput = 64 * 1024;
/** How long after its end a program's last words are waited for: a daemon it left behind may hold the pipe open. */
const lastWords = 200;

/** Rejects with a ProblemError where the program cannot be run or does not end in time; then it is killed. */
export function execute(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (piece: string) => {
        text[name] = (text[name] + piece).slice(0, mostOutput);
      });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new ProblemError(problem('start-timeout', `${options.timeoutMs / 1000} s`)));
    }, options.timeoutMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const missing = error.code === 'ENOENT';
      reject(
        new ProblemError(
          missing ? problem('program-missing', file) : problem('program-failed', `${file}: ${error.message}`),
        ),
      );
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      const done = (): void => {
        clearTimeout(waiting);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ status: code ?? 128 + signalNumber(signal), ...text });
      };
      const waiting = setTimeout(done, lastWords);
      child.once('close', done);
    });
  });
}
