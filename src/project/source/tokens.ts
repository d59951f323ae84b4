// Swift, Objective-C and C as tokens: enough to tell code from comments and strings, and to match brackets. No
// parser: rules look for short sequences of tokens.

export type Language = 'swift' | 'objc';

export interface Token {
  /** `directive` is a whole preprocessor line's introducer (`#define`); its words follow as tokens. */
  readonly kind: 'word' | 'number' | 'string' | 'symbol' | 'directive' | 'line-end';
  /** A word, one symbol character, or the directive with its `#`. For a string: its value. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A string with interpolation: its value is not known. */
  readonly dynamic?: true;
}

export interface Comment {
  readonly start: number;
  readonly end: number;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const isWordStart = (c: number): boolean =>
  (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 36 || c >= 0x80;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isWord = (c: number): boolean => isWordStart(c) || isDigit(c);

/** Swift's raw and multi-line openers: any `#`s, then one or three quotes. */
const swiftOpener = /(#*)("""|")/y;
const cppRaw = /R"([^()\\\s"]{0,16})\(/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

class Tokeniser {
  readonly tokens: Token[] = [];
  readonly comments: Comment[] = [];
  readonly #text: string;
  readonly #swift: boolean;
  #at = 0;
  /** Within a preprocessor line, whose end is a token of its own. */
  #directive = false;

  constructor(text: string, language: Language) {
    this.#text = text;
    this.#swift = language === 'swift';
  }

  run(): Tokens {
    while (this.#at < this.#text.length) this.#step();
    if (this.#directive) this.#push('line-end', '\n', this.#at);
    return { tokens: this.tokens, comments: this.comments };
  }

  #push(kind: Token['kind'], text: string, start: number): void {
    this.tokens.push({ kind, text, start, end: this.#at });
  }

  #step(): void {
    const text = this.#text;
    const start = this.#at;
    const code = text.charCodeAt(start);
    const c = text[start] as string;
    if (c === '\n') {
      this.#at++;
      if (this.#directive) this.#push('line-end', '\n', start);
      this.#directive = false;
    } else if (code <= 32) this.#at++;
    else if (c === '\\' && (text[start + 1] === '\n' || text.startsWith('\r\n', start + 1)))
      this.#at += text[start + 1] === '\n' ? 2 : 3;
    else if (c === '/' && text[start + 1] === '/') this.#lineComment();
    else if (c === '/' && text[start + 1] === '*') this.#blockComment();
    else if (this.#string()) return;
    else if (c === '#' && /[A-Za-z]/.test(text[start + 1] ?? '')) this.#hash();
    else if (isWordStart(code)) {
      while (this.#at < text.length && isWord(text.charCodeAt(this.#at))) this.#at++;
      this.#push('word', text.slice(start, this.#at), start);
    } else if (isDigit(code)) {
      while (this.#at < text.length && (isWord(text.charCodeAt(this.#at)) || this.#decimalPoint())) this.#at++;
      this.#push('number', text.slice(start, this.#at), start);
    } else if (c === '`') this.#at++;
    else {
      this.#at++;
      this.#push('symbol', c, start);
    }
  }

  #decimalPoint(): boolean {
    return this.#text[this.#at] === '.' && isDigit(this.#text.charCodeAt(this.#at + 1));
  }

  #lineComment(): void {
    const start = this.#at;
    const end = this.#text.indexOf('\n', start);
    this.#at = end < 0 ? this.#text.length : end;
    this.comments.push({ start, end: this.#at });
  }

  /** Swift's nest, the others' do not. */
  #blockComment(): void {
    const text = this.#text;
    const start = this.#at;
    let depth = 1;
    let at = start + 2;
    while (at < text.length && depth > 0) {
      const close = text.indexOf('*/', at);
      if (close < 0) {
        at = text.length;
        break;
      }
      const open = this.#swift ? text.indexOf('/*', at) : -1;
      if (open >= 0 && open < close) {
        depth++;
        at = open + 2;
      } else {
        depth--;
        at = close + 2;
      }
    }
    this.#at = at;
    this.comments.push({ start, end: at });
  }

  /** A directive, and in C the text that `#if 0` disables. Swift's `#selector` and `#if` are plain directives. */
  #hash(): void {
    const text = this.#text;
    const start = this.#at++;
    while (this.#at < text.length && isWord(text.charCodeAt(this.#at))) this.#at++;
    const name = text.slice(start, this.#at);
    if (!this.#swift && name === '#if' && /^[ \t]+0[ \t]*(\r?\n|\/\/|\/\*)/.test(text.slice(this.#at, this.#at + 64))) {
      this.#skipDisabled();
      return;
    }
    if (!this.#swift) this.#directive = true;
    this.#push('directive', name, start);
  }

  /** To the `#else` or `#endif` of the `#if 0`. */
  #skipDisabled(): void {
    const line = /^[ \t]*#[ \t]*(ifdef|ifndef|if|else|elif|endif)\b.*$/gm;
    line.lastIndex = this.#at;
    let depth = 1;
    for (let found = line.exec(this.#text); found; found = line.exec(this.#text)) {
      const word = found[1] ?? '';
      if (word.startsWith('if')) depth++;
      else if (word === 'endif') depth--;
      if (depth === 0 || (depth === 1 && (word === 'else' || word === 'elif'))) {
        this.#at = line.lastIndex;
        return;
      }
    }
    this.#at = this.#text.length;
  }

  #string(): boolean {
    const text = this.#text;
    const c = text[this.#at];
    if (this.#swift) {
      if (c !== '"' && c !== '#') return false;
      swiftOpener.lastIndex = this.#at;
      const opener = swiftOpener.exec(text);
      if (opener) this.#swiftString(opener[1]?.length ?? 0, opener[2] === '"""');
      return opener !== null;
    }
    if (c === 'R') {
      cppRaw.lastIndex = this.#at;
      const raw = cppRaw.exec(text);
      if (raw) this.#rawString(raw[0].length, `)${raw[1]}"`);
      return raw !== null;
    }
    if (c === '@' && text[this.#at + 1] === '"') return (this.#cString(2, '"'), true);
    if (c === '"') return (this.#cString(1, '"'), true);
    // A digit separator of C++ never follows a word break, so this is a character.
    if (c === "'") return (this.#cString(1, "'"), true);
    return false;
  }

  #rawString(opening: number, closer: string): void {
    const start = this.#at;
    const end = this.#text.indexOf(closer, start + opening);
    const stop = end < 0 ? this.#text.length : end;
    this.#at = Math.min(this.#text.length, stop + closer.length);
    this.#push('string', this.#text.slice(start + opening, stop), start);
  }

  /** Ends at the line's end when it is not closed, as compilers do. */
  #cString(opening: number, quote: string): void {
    const text = this.#text;
    const start = this.#at;
    let at = start + opening;
    let value = '';
    while (at < text.length && text[at] !== quote && text[at] !== '\n') {
      if (text[at] === '\\') {
        const next = text[at + 1] ?? '';
        value += escapes[next] ?? (next === '\n' ? '' : next);
        at += 2;
      } else value += text[at++];
    }
    this.#at = Math.min(text.length, text[at] === quote ? at + 1 : at);
    this.#push(quote === '"' ? 'string' : 'number', value, start);
  }

  #swiftString(hashes: number, multiline: boolean): void {
    const text = this.#text;
    const start = this.#at;
    const fence = '#'.repeat(hashes);
    const closer = (multiline ? '"""' : '"') + fence;
    const escape = `\\${fence}`;
    let at = start + hashes + (multiline ? 3 : 1);
    let value = '';
    let dynamic = false;
    while (at < text.length && !text.startsWith(closer, at)) {
      if (!multiline && text[at] === '\n') break;
      if (text.startsWith(escape, at)) {
        at += escape.length;
        if (text[at] === '(') {
          dynamic = true;
          at = this.#interpolationEnd(at);
        } else {
          value += escapes[text[at] ?? ''] ?? text[at] ?? '';
          at++;
        }
      } else value += text[at++];
    }
    this.#at = Math.min(text.length, text.startsWith(closer, at) ? at + closer.length : at);
    const token: Token = { kind: 'string', text: value, start, end: this.#at };
    this.tokens.push(dynamic ? { ...token, dynamic: true } : token);
  }

  /** Past the `)` that closes an interpolation; strings within it are passed over by a tokeniser of their own. */
  #interpolationEnd(open: number): number {
    const text = this.#text;
    let depth = 0;
    let at = open;
    while (at < text.length) {
      const c = text[at];
      if (c === '(') depth++;
      else if (c === ')' && --depth === 0) return at + 1;
      else if (c === '"') {
        const close = /"(?:\\.|[^"\\\n])*"?/y;
        close.lastIndex = at;
        at += Math.max(1, close.exec(text)?.[0].length ?? 1);
        continue;
      } else if (c === '\n' && depth > 64) return at;
      at++;
    }
    return at;
  }
}

/** Never throws; linear in the text's length. */
export const tokenise = (text: string, language: Language): Tokens => new Tokeniser(text, language).run();

/** The language by a file's extension (without dot); undefined for anything that holds no code we read. */
export function languageOf(extension: string): Language | undefined {
  if (extension === 'swift') return 'swift';
  return ['m', 'mm', 'h', 'hh', 'hpp', 'c', 'cc', 'cpp', 'cxx', 'pch'].includes(extension) ? 'objc' : undefined;
}
