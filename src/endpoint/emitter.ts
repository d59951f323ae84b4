import type { Disposable } from '../flow/changes.ts';

/** One kind of event. Listeners are called in the order they came. */
export class Emitter<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  listen(listener: (...args: Args) => void): Disposable {
    // A listener of its own for each call, so that the same function may listen twice.
    const own = (...args: Args): void => listener(...args);
    this.#listeners.add(own);
    return { dispose: () => this.#listeners.delete(own) };
  }

  fire(...args: Args): void {
    for (const listener of this.#listeners) listener(...args);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
