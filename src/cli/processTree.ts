// Which flows are of one process and what it started, where the proxy sees those of every process (macOS).
import type { FlowProcess } from '../flow/model.ts';

export class ProcessTree {
  readonly #pids = new Set<number>();

  constructor(root?: number) {
    if (root !== undefined) this.add(root);
  }

  add(pid: number): void {
    this.#pids.add(pid);
  }

  /**
   * Remembers each process between a flow's and one that is known: when those in the middle have ended, what they started
   * has other ancestors.
   */
  has(process: FlowProcess): boolean {
    const line = [process.pid, ...process.ancestors.map(({ pid }) => pid)];
    const known = line.findIndex((pid) => this.#pids.has(pid));
    if (known < 0) return false;
    for (const pid of line.slice(0, known)) if (pid > 0) this.#pids.add(pid);
    return true;
  }
}
