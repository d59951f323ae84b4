// A command line in a test: a fake proxy behind it, what it writes in front.
import { PassThrough, Writable } from 'node:stream';
import type { Context } from '../../src/cli/context.ts';
import { StreamOutput } from '../../src/cli/output.ts';
import { runProgram } from '../../src/cli/program.ts';
import { connectTo } from './fake-proxy.ts';

class Sink extends Writable {
  text = '';
  readonly #waiting: { pattern: RegExp; resolve: () => void }[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const { pattern, resolve } of this.#waiting) if (pattern.test(this.text)) resolve();
    done();
  }
  /** Resolves once everything written so far matches. */
  has(pattern: RegExp): Promise<void> {
    if (pattern.test(this.text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ pattern, resolve }));
  }
}

export class TestCli {
  readonly stdout = new Sink();
  readonly stderr = new Sink();
  readonly context: Context;
  readonly #signals = new Set<{ signals: readonly NodeJS.Signals[]; listener: (signal: NodeJS.Signals) => void }>();

  constructor(socket: string, overrides: Partial<Context> = {}) {
    this.context = {
      version: '9.9.9',
      env: { PATH: process.env['PATH'], FLOWTAP_RUNTIME_DIR: '/nowhere/flowtap' },
      stdout: new StreamOutput(this.stdout),
      stderr: new StreamOutput(this.stderr),
      programs: { folder: '', daemon: '', launcher: '/nowhere/flowtap-run', addon: '' },
      support: { kind: 'daemon' },
      proxy: { connect: () => connectTo(socket), watch: () => undefined },
      endpoint: (name) => ({ connect: () => connectTo(name), watch: () => undefined }),
      ensure: async () => {},
      onSignal: (signals, listener) => {
        const entry = { signals, listener };
        this.#signals.add(entry);
        return () => this.#signals.delete(entry);
      },
      ...overrides,
    };
  }

  run(...args: string[]): Promise<number> {
    return runProgram(args, this.context);
  }

  signal(signal: NodeJS.Signals): void {
    for (const { signals, listener } of this.#signals) if (signals.includes(signal)) listener(signal);
  }

  get jsonLines(): unknown[] {
    return this.stdout.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
}

/** A stream whose reader left: writing to it fails. */
export function brokenPipe(): PassThrough {
  const stream = new PassThrough();
  stream._transform = (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  return stream;
}
