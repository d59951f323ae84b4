// When to try the proxy again: after growing pauses, and at once when it may have appeared.
import type { Disposable } from '../flow/changes.ts';

export const shortestPause = 250;
export const longestPause = 5000;
/** The longest pause where nothing tells when the proxy appears. */
export const longestPauseUnwatched = 500;
/** A connection that held this long, in milliseconds, was a good one: the next trouble begins with the shortest pause. */
const good = 5000;

/** Calls `wake` when a proxy may have appeared. Undefined where that cannot be watched (yet). */
export type Watch = (wake: () => void) => Disposable | undefined;

export class Retry {
  readonly #watch: Watch;
  #pause = 0;
  #timer: NodeJS.Timeout | undefined;
  #watching: Disposable | undefined;
  #heldSince = Infinity;

  constructor(watch: Watch = () => undefined) {
    this.#watch = watch;
  }

  /** Calls `attempt` once, later. `absent`: there is no proxy, as opposed to one that causes trouble. */
  schedule(attempt: () => void, absent: boolean): void {
    this.cancel();
    if (Date.now() - this.#heldSince >= good) this.#pause = 0;
    this.#heldSince = Infinity;
    const wake = (): void => {
      // Right after it appeared a proxy may not accept connections yet.
      this.#pause = 0;
      this.cancel();
      attempt();
    };
    if (absent) this.#watching = this.#watch(wake);
    const longest = absent && !this.#watching ? longestPauseUnwatched : longestPause;
    this.#pause = Math.min(Math.max(this.#pause * 2, shortestPause), longest);
    this.#timer = setTimeout(() => {
      this.cancel();
      attempt();
    }, this.#pause);
  }

  /** A connection was made. */
  held(): void {
    this.cancel();
    this.#heldSince = Date.now();
  }

  reset(): void {
    this.cancel();
    this.#pause = 0;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watching?.dispose();
    this.#watching = undefined;
  }
}
