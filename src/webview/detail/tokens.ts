// Colours for the text bodies that HTTP mostly carries: a pattern per language. What was captured is hostile, so every
// match is consumed whatever follows it (an unclosed string or comment goes on to the end): the time is linear.

export interface Token {
  readonly text: string;
  /** A class of panel.css, or '' for plain text. */
  readonly kind: string;
}
/** More than this gets no colours: it is for reading, and the editor opens the whole. */
const maxTokens = 20_000;

interface Language {
  readonly pattern: RegExp;
  /** What a word is, from itself and what follows it. */
  readonly word?: (word: string, text: string, end: number) => string;
}

const doubleQuoted = String.raw`"[^"\\]*(?:\\[^][^"\\]*)*"?`;
const ofLine = String.raw`"[^"\\\n]*(?:\\[^][^"\\\n]*)*"?|'[^'\\\n]*(?:\\[^][^'\\\n]*)*'?`;
const blockComment = String.raw`\/\*(?:[^]*?\*\/|[^]*)`;
const keywords = new Set(
  'async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof let new null of return static super switch this throw true try typeof undefined var void while yield'.split(' '),
); // prettier-ignore

/** A colon within reach: whitespace before it is skipped, as far as anybody writes. */
function beforeColon(text: string, end: number): boolean {
  for (let at = end; at < end + 32; at++) {
    if (text[at] === ':') return true;
    if (!/\s/.test(text[at] ?? '.')) return false;
  }
  return false;
}

const markup: Language = {
  pattern: new RegExp(
    String.raw`(?<comment><!--(?:[^]*?-->|[^]*))|(?<keyword><\/?[\w:.-]+|\/?>)|(?<word>[\w:.-]+)|(?<string>(?<==)(?:"[^"]*"?|'[^']*'?))`,
    'g',
  ),
  word: (_, text, end) => (text[end] === '=' && /["']/.test(text[end + 1] ?? '') ? 'key' : ''),
};

const languages: Readonly<Record<string, Language>> = {
  json: {
    pattern: new RegExp(`(?<word>${doubleQuoted})|(?<number>-?\\d[\\d.eE+-]*)|(?<keyword>\\b(?:true|false|null)\\b)`, 'g'),
    word: (_, text, end) => (beforeColon(text, end) ? 'key' : 'string'),
  },
  xml: markup,
  html: markup,
  javascript: {
    pattern: new RegExp(
      `(?<comment>\\/\\/[^\\n]*|${blockComment})|(?<string>${ofLine}|\`[^\`\\\\]*(?:\\\\[^][^\`\\\\]*)*\`?)|(?<word>[A-Za-z_$][\\w$]*)|(?<number>\\d[\\w.]*)`,
      'g',
    ),
    word: (word) => (keywords.has(word) ? 'keyword' : ''),
  },
  css: {
    pattern: new RegExp(`(?<comment>${blockComment})|(?<string>${ofLine})|(?<number>#[\\da-fA-F]+|\\d[\\w.%]*)|(?<word>[\\w-]+)`, 'g'),
    word: (_, text, end) => (beforeColon(text, end) ? 'key' : ''),
  },
  form: {
    pattern: /(?<word>[^=&]+)/g,
    word: (_, text, end) => (text[end] === '=' ? 'key' : 'string'),
  },
}; // prettier-ignore

/** The text in pieces; one plain piece where the language is not known. */
export function tokens(text: string, language: string | undefined): Token[] {
  const known = language === undefined ? undefined : languages[language];
  if (!known) return [{ text, kind: '' }];
  const found: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(known.pattern)) {
    const [whole] = match;
    const end = match.index + whole.length;
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? '';
    const shown = kind === 'word' ? (known.word?.(whole, text, end) ?? '') : kind;
    if (shown === '') continue;
    if (match.index > at) found.push({ text: text.slice(at, match.index), kind: '' });
    found.push({ text: whole, kind: shown });
    at = end;
    if (found.length >= maxTokens) break;
  }
  if (at < text.length) found.push({ text: text.slice(at), kind: '' });
  return found;
}
