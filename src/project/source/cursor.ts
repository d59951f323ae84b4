// Walking over tokens: matched brackets, statements, and short patterns.
import type { Token } from './tokens.ts';

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

export class TokenList {
  readonly tokens: readonly Token[];
  /** For each opening bracket's index its closing one's, and the other way round; -1 elsewhere. */
  readonly #pair: Int32Array;
  /** For each token the index of the innermost `{` around it, or -1. */
  readonly #block: Int32Array;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
    this.#pair = new Int32Array(tokens.length).fill(-1);
    this.#block = new Int32Array(tokens.length).fill(-1);
    const open: number[] = [];
    const blocks: number[] = [];
    for (const [i, token] of tokens.entries()) {
      this.#block[i] = blocks.at(-1) ?? -1;
      if (token.kind !== 'symbol') continue;
      if (closers[token.text]) {
        open.push(i);
        if (token.text === '{') blocks.push(i);
      } else if (token.text === ')' || token.text === ']' || token.text === '}') {
        // An unbalanced bracket closes the nearest of its kind and abandons what is open within it.
        let k = open.length - 1;
        while (k >= 0 && closers[tokens[open[k] as number]?.text ?? ''] !== token.text) k--;
        if (k < 0) continue;
        const from = open[k] as number;
        open.length = k;
        this.#pair[from] = i;
        this.#pair[i] = from;
        if (token.text === '}') while (blocks.length > 0 && (blocks.at(-1) as number) >= from) blocks.pop();
      }
    }
  }

  get length(): number {
    return this.tokens.length;
  }
  at(i: number): Token | undefined {
    return i < 0 ? undefined : this.tokens[i];
  }
  text(i: number): string {
    return i < 0 ? '' : (this.tokens[i]?.text ?? '');
  }
  is(i: number, ...texts: readonly string[]): boolean {
    return texts.every((t, k) => this.text(i + k) === t && this.at(i + k)?.kind !== 'string');
  }
  isWord(i: number, text: string): boolean {
    const token = this.at(i);
    return token?.kind === 'word' && token.text === text;
  }
  /** The other bracket of the pair, or -1. */
  pair(i: number): number {
    return this.#pair[i] ?? -1;
  }
  /** The innermost `{` around token i, or -1. */
  block(i: number): number {
    return this.#block[i] ?? -1;
  }

  /** Whether a word stands within tokens [from, to). */
  holds(from: number, to: number, test: (word: string) => boolean): boolean {
    for (let i = from; i < to && i < this.length; i++)
      if (this.tokens[i]?.kind === 'word' && test(this.text(i))) return true;
    return false;
  }

  /** Tokens of each argument in the brackets that open at `open`: split at commas of its own level. */
  arguments(open: number): readonly { readonly from: number; readonly to: number }[] {
    const close = this.pair(open);
    if (close < 0) return [];
    const found: { from: number; to: number }[] = [];
    let from = open + 1;
    for (let i = open + 1; i < close; i++) {
      const inner = closers[this.text(i)] && this.at(i)?.kind === 'symbol' ? this.pair(i) : -1;
      if (inner > i) i = inner;
      else if (this.is(i, ',')) {
        found.push({ from, to: i });
        from = i + 1;
      }
    }
    if (from < close) found.push({ from, to: close });
    return found;
  }

  /** Index after the expression that starts at `from`, at the end of an Objective-C message part or statement. */
  expressionEnd(from: number, limit: number): number {
    for (let i = from; i < limit; i++) {
      const token = this.at(i);
      if (token?.kind === 'symbol') {
        if (token.text in closers) {
          const close = this.pair(i);
          if (close > i) i = close;
          continue;
        }
        if (';]),}'.includes(token.text)) return i;
      }
      // `options:` starts the next part of a message.
      if (i > from && token?.kind === 'word' && this.is(i + 1, ':') && !this.is(i - 1, '?')) return i;
    }
    return limit;
  }
}
