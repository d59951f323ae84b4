// Our own daemon and its subscribers, in a run-time directory of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { start, type Program } from './processes.ts';

export const root = path.resolve(import.meta.dirname, '../..');
const programs = path.join(root, `dist/bin/${process.platform}-${process.arch}`);
export const launcher = path.join(programs, 'flowtap-run');
export const tool = (name: string): string => path.join(root, 'out/bench', name);

export interface SubscriberCounts {
  readonly opened: number;
  readonly closed: number;
  readonly data: number;
  readonly resyncs: number;
  /** Payload that came, and payload that was said to be left out. */
  readonly payload: number;
  readonly droppedFrames: number;
  readonly droppedBytes: number;
  /** What the closed flows carried, both ways. */
  readonly sent: number;
}

export class Daemon {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-bench-'));
  readonly env = { FLOWTAP_RUNTIME_DIR: path.join(this.folder, 'run') };
  readonly socket = path.join(this.folder, 'run/proxy.sock');
  readonly program: Program;
  readonly #subscribers = new Set<Program>();

  constructor(options: readonly string[] = [], limits: readonly string[] = [], daemon = 'flowtapd') {
    const file = daemon.includes('/') ? daemon : path.join(programs, daemon);
    this.program = start([...limits, file, '--foreground', ...options], this.env);
  }
  get pid(): number {
    return this.program.pid;
  }
  async ready(): Promise<this> {
    for (let i = 0; !this.program.errors().includes(' serves'); i++) {
      if (this.program.child.exitCode !== null || i > 600) throw new Error(`flowtapd: ${this.program.errors()}`);
      await delay(25);
    }
    return this;
  }
  async subscriber(options: readonly string[] = []): Promise<Program> {
    const subscriber = start([tool('bench-subscriber'), this.socket, ...options]);
    this.#subscribers.add(subscriber);
    await subscriber.line(); // it has its snapshot
    return subscriber;
  }
  /** Lets a subscriber read what is left, and resolves to its counts. */
  async countsOf(subscriber: Program): Promise<SubscriberCounts> {
    this.#subscribers.delete(subscriber);
    const text = await subscriber.end();
    if (!text.trim()) throw new Error(`bench-subscriber: ${subscriber.errors()}`);
    return JSON.parse(text) as SubscriberCounts;
  }
  async kill(subscriber: Program): Promise<void> {
    this.#subscribers.delete(subscriber);
    await subscriber.end('SIGKILL');
  }
  async end(): Promise<number | null> {
    for (const subscriber of this.#subscribers) await subscriber.end('SIGKILL');
    await this.program.end();
    rmSync(this.folder, { recursive: true, force: true });
    return this.program.child.exitCode;
  }
}
