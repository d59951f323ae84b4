// How far a long command is, on a terminal's last line; and that it was asked to stop.
import os from 'node:os';
import type { Context } from './context.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Progress {
  private readonly context: Context;
  private readonly release: () => void;
  private signal: NodeJS.Signals | undefined;
  private shown = '';

  constructor(context: Context) {
    this.context = context;
    this.release = context.onSignal(signals, (signal) => (this.signal = signal));
  }

  /** False where it was asked to stop. `share`: 0 to 1. */
  tell(what: string, share: number): boolean {
    this.show(`${what} ${Math.floor(100 * Math.min(1, share))} %`);
    return this.signal === undefined;
  }
  /** The exit status of a program that the signal ended; undefined while there was none. */
  get stopped(): number | undefined {
    return this.signal && 128 + os.constants.signals[this.signal];
  }
  /** The line is gone, and signals are again what they were. */
  end(): void {
    this.show('');
    this.release();
  }

  private show(text: string): void {
    if (text === this.shown || !this.context.stderr.terminal) return;
    this.shown = text;
    this.context.stderr.write(`\r\u001b[K${text}`);
  }
}
