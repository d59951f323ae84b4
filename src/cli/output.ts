// Where the command line writes: streams whose reader may leave, and files.
import fs from 'node:fs';
import { Failure } from './failure.ts';

export interface Output {
  write(text: string): void;
  /** True once nobody reads any more. */
  readonly closed: boolean;
  /** Called once, when the reader has left. */
  onDidClose(listener: () => void): void;
}

/** A reader that leaves, as `head` does, is no error; nothing is written after that. */
export class StreamOutput implements Output {
  readonly #stream: NodeJS.WritableStream;
  #listeners: (() => void)[] = [];
  closed = false;
  /** Why it could not be written to any more, where that is not the reader's own choice. */
  failure: Error | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.closed = true;
      if (error.code !== 'EPIPE') this.failure = error;
      for (const listener of this.#listeners.splice(0)) listener();
    });
  }

  /** Whether people look at it as it is written. */
  get terminal(): boolean {
    return 'isTTY' in this.#stream && this.#stream.isTTY === true;
  }

  write(text: string): void {
    if (!this.closed) this.#stream.write(text);
  }

  onDidClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#listeners.push(listener);
  }

  /** Resolves when everything was handed to the system, or the reader has left. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDidClose(resolve);
      if (!this.closed) this.#stream.write('', () => resolve());
    });
  }
}

/** A file that is written at once, so that whoever looks at it sees whole lines. */
export class FileOutput implements Output {
  readonly #fd: number;
  readonly #path: string;
  readonly #complain: (text: string) => void;
  closed = false;

  /** Throws a Failure where the file cannot be made. */
  constructor(path: string, status: number, complain: (text: string) => void) {
    this.#path = path;
    this.#complain = complain;
    try {
      this.#fd = fs.openSync(path, 'w', 0o600); // what was captured is its user's alone
    } catch (error) {
      throw new Failure(
        status,
        `cannot write ${path}: ${(error as Error).message}`,
        'Choose another file, or "-" for standard output.',
      );
    }
  }

  write(text: string): void {
    if (this.closed) return;
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(this.#fd, bytes, at);
    } catch (error) {
      this.closed = true;
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE')
        this.#complain(`cannot write to ${this.#path} any more: ${(error as Error).message}`);
    }
  }

  onDidClose(): void {
    // What reads a file or a named pipe does not tell that it left; the next write does.
  }
}
