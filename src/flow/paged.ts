// Numbers by index, in pages: growing adds a page and copies nothing.

const bits = 12;
const pageSize = 1 << bits;
const mask = pageSize - 1;

interface Page {
  [index: number]: number;
  fill(value: number): unknown;
}

export class Paged {
  readonly #make: new (length: number) => Page;
  readonly #pages: Page[] = [];

  constructor(make: new (length: number) => Page) {
    this.#make = make;
  }

  /** Of an index that was set before. */
  get(index: number): number {
    return this.#pages[index >>> bits]![index & mask]!;
  }

  /** Indices are filled from 0 upwards, so at most one page is missing. */
  set(index: number, value: number): void {
    const page = index >>> bits;
    if (page === this.#pages.length) this.#pages.push(new this.#make(pageSize));
    this.#pages[page]![index & mask] = value;
  }
}
