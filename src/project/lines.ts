// Offsets as lines and columns, both from 1; columns in UTF-16 units. Lines end by CR LF, LF or CR, as in editors.

export interface Position {
  readonly line: number;
  readonly column: number;
}

export class Lines {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (const { 0: end, index } of text.matchAll(/\r\n?|\n/g)) this.#starts.push(index + end.length);
  }

  at(offset: number): Position {
    const clamped = Math.max(0, Math.min(offset, this.#text.length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= clamped) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: clamped - (this.#starts[low] ?? 0) + 1 };
  }

  /** Without its line end. */
  text(line: number): string {
    const start = this.#starts[line - 1];
    if (start === undefined) return '';
    return this.#text.slice(start, this.#starts[line]).replace(/(?:\r\n?|\n)$/, '');
  }
}
