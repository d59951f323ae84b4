// Bytes per second over the last moments. Pure.

/** Bytes that arrive within one window are spread over it, so that a row does not flicker. */
const window = 2e6; // microseconds

export class RateMeter {
  #bytes = 0;
  #since = 0;
  #last = 0;
  #from = 0;

  /** `total` counted so far at `now`. The first call only sets the start. */
  add(total: number, now: number): void {
    if (this.#since === 0) {
      this.#since = now;
      this.#from = total;
    } else if (now - this.#since >= window) {
      // A new window starts where the old one ended.
      this.#from = this.#bytes;
      this.#since = this.#last;
    }
    this.#bytes = total;
    this.#last = now;
  }

  /** 0 where nothing arrived for a window. */
  at(now: number): number {
    if (now - this.#last >= window || this.#bytes <= this.#from) return 0;
    return ((this.#bytes - this.#from) / Math.max(window / 2, now - this.#since)) * 1e6;
  }
}
