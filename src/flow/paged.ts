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

/** For numbers that are mostly 0: a page without any other takes no room. */
export class SparsePaged {
  readonly #make: new (length: number) => Page;
  readonly #pages: (Page | undefined)[] = [];

  constructor(make: new (length: number) => Page) {
    this.#make = make;
  }

  /** 0 where nothing was set. */
  get(index: number): number {
    const page = this.#pages[index >>> bits];
    return page === undefined ? 0 : page[index & mask]!;
  }

  /** Indices are filled from 0 upwards. */
  set(index: number, value: number): void {
    const at = index >>> bits;
    while (at >= this.#pages.length) this.#pages.push(undefined);
    if (value === 0 && this.#pages[at] === undefined) return;
    (this.#pages[at] ??= new this.#make(pageSize))[index & mask] = value;
  }
}
