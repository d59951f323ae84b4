// What each command does: filled while features are set up, asked from the start.
import type { CommandId } from '../protocol/ids.ts';

type Run = (args: unknown[]) => unknown;

export class CommandTable {
  readonly #runs = new Map<CommandId, Run>();
  readonly #settled: () => Promise<void>;

  /** `settled` resolves when every feature is set up, those that failed included. */
  constructor(settled: () => Promise<void>) {
    this.#settled = settled;
  }

  set<A extends unknown[]>(id: CommandId, run: (...args: A) => unknown): void {
    if (this.#runs.has(id)) throw new Error(`two features want the command ${id}`);
    this.#runs.set(id, (args) => run(...(args as A)));
  }

  /** Runs a command, once it is known. */
  async run(id: CommandId, args: unknown[]): Promise<unknown> {
    if (!this.#runs.has(id)) await this.#settled();
    const run = this.#runs.get(id);
    if (!run) throw new Error(`the part that runs ${id} could not be loaded; the log says why`);
    return run(args);
  }
}
