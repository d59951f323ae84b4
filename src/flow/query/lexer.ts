// Splits a query into tokens; every token knows its place. Nothing is refused here: the parser says what is wrong.
import type { Span } from './ast.ts';

export type Operator = ':' | '=' | '!=' | '>' | '>=' | '<' | '<=';

export type Value =
  | ({ readonly kind: 'bare'; readonly text: string } & Span)
  | ({ readonly kind: 'quoted'; readonly text: string; readonly closed: boolean } & Span)
  | ({ readonly kind: 'regex'; readonly text: string; readonly flags: string; readonly closed: boolean } & Span);

export type Token =
  | ({ readonly kind: '(' | ')' | 'and' | 'or' | 'not' } & Span)
  | ({
      readonly kind: 'term';
      readonly field: string;
      readonly fieldSpan: Span;
      readonly operator: Operator;
      readonly value: Value;
    } & Span)
  | ({ readonly kind: 'text'; readonly value: Value } & Span);

const fieldAndOperator = /([A-Za-z][\w.]*)(:|!=|>=|<=|=|>|<)/y;
const word = /[^\s()]+/y;
const words = new Map<string, 'and' | 'or' | 'not'>([
  ['and', 'and'],
  ['&&', 'and'],
  ['or', 'or'],
  ['||', 'or'],
  ['not', 'not'],
]);

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

export function lex(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const c = query[at]!;
    if (/\s/.test(c)) at++;
    else if (c === '(' || c === ')') tokens.push({ kind: c, start: at, end: ++at });
    else if ((c === '-' || c === '!') && at + 1 < query.length && !/[\s=]/.test(query[at + 1]!))
      tokens.push({ kind: 'not', start: at, end: ++at });
    else at = push(tokens, query, at);
  }
  return tokens;
}

function push(tokens: Token[], query: string, start: number): number {
  const head = match(fieldAndOperator, query, start);
  if (head) {
    const value = readValue(query, start + head[0].length);
    const fieldSpan = { start, end: start + head[1]!.length };
    tokens.push({
      kind: 'term',
      field: head[1]!,
      fieldSpan,
      operator: head[2] as Operator,
      value,
      start,
      end: value.end,
    });
    return value.end;
  }
  const value = readValue(query, start);
  const keyword = value.kind === 'bare' ? words.get(value.text.toLowerCase()) : undefined;
  tokens.push(keyword ? { kind: keyword, start, end: value.end } : { kind: 'text', value, start, end: value.end });
  return value.end;
}

function readValue(query: string, start: number): Value {
  const c = query[start];
  if (c === '"' || c === "'") return readQuoted(query, start, c);
  if (c === '/') {
    const regex = readRegex(query, start);
    if (regex) return regex;
  }
  const bare = match(word, query, start)?.[0] ?? '';
  return { kind: 'bare', text: bare, start, end: start + bare.length };
}

function readQuoted(query: string, start: number, quote: string): Value {
  let text = '';
  let at = start + 1;
  for (; at < query.length && query[at] !== quote; at++) {
    if (query[at] === '\\' && at + 1 < query.length) at++;
    text += query[at]!;
  }
  const closed = query[at] === quote;
  return { kind: 'quoted', text, closed, start, end: closed ? at + 1 : at };
}

/**
 * `/…/flags`; a slash within is written `\/` or `[/]`. Undefined where the next slash is missing or is not followed by
 * flags and an end, so that a path such as /usr/bin stays a plain word, whatever stands after it in the query.
 */
function readRegex(query: string, start: number): Value | undefined {
  let inClass = false;
  for (let at = start + 1; at < query.length; at++) {
    const c = query[at];
    if (c === '\\') at++;
    else if (inClass) inClass = c !== ']';
    else if (c === '[') inClass = true;
    else if (c === '/') {
      const flags = match(/[gimsuy]{0,2}(?=[\s()]|$)/y, query, at + 1);
      if (!flags) return undefined;
      const end = at + 1 + flags[0].length;
      return { kind: 'regex', text: query.slice(start + 1, at), flags: flags[0], closed: true, start, end };
    }
  }
  return undefined;
}
