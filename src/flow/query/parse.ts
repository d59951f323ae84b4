// Query text -> Query, by recursive descent: or < and < not < term.
import { RE2JS } from 're2js';
import { message, wordsOf, type Message } from '../message.ts';
import type { ParseError, Query, Span, Test } from './ast.ts';
import { fieldOf, fields, freeText, type Field } from './fields.ts';
import { lex, type Operator, type Token, type Value } from './lexer.ts';
import { parseNumber, unitHint } from './units.ts';

export const maxQueryLength = 4096;
const maxDepth = 64;
/** What a regular expression may unfold to: with the length of a text it bounds the work for that text. */
const maxRegexSize = 500;
/** And all those of a query. */
const maxRegexSizes = 2000;

export type Parsed =
  { readonly query: Query; readonly error?: undefined } | { readonly query?: undefined; readonly error: ParseError };

type BareValue = Extract<Value, { kind: 'bare' }>;
type RegexValue = Extract<Value, { kind: 'regex' }>;

class Failure extends Error {
  readonly said: Message;
  readonly span: Span;
  constructor(said: Message, { start, end }: Span) {
    super(wordsOf(said));
    this.said = said;
    this.span = { start, end };
  }
}

/** `now`: microseconds since 1970, for times of day. Never throws. */
export function parseQuery(text: string, now: number = Date.now() * 1000): Parsed {
  try {
    if (text.length > maxQueryLength)
      throw new Failure(message('The query is longer than {0} characters.', maxQueryLength), {
        start: maxQueryLength,
        end: text.length,
      });
    return { query: new Parser(lex(text), text.length, now).parse() };
  } catch (error) {
    if (error instanceof Failure) return { error: { message: error.message, said: error.said, ...error.span } };
    throw error;
  }
}

class Parser {
  private readonly tokens: readonly Token[];
  private readonly end: Span;
  private readonly now: number;
  private at = 0;
  private depth = 0;
  private regexSizes = 0;

  constructor(tokens: readonly Token[], length: number, now: number) {
    this.tokens = tokens;
    this.end = { start: length, end: length };
    this.now = now;
  }

  parse(): Query {
    if (this.tokens.length === 0) return { kind: 'all' };
    const query = this.or();
    const rest = this.tokens[this.at];
    // Everything else is taken up: or, and, a term.
    if (rest) throw new Failure(message('This parenthesis closes nothing.'), rest);
    return query;
  }

  private or(): Query {
    const parts = [this.and()];
    while (this.accept('or')) parts.push(this.and());
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
  }

  private and(): Query {
    const parts = [this.unary()];
    for (;;) {
      const next = this.tokens[this.at];
      if (next?.kind === 'and') this.at++;
      else if (!next || next.kind === 'or' || next.kind === ')') break;
      parts.push(this.unary());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
  }

  private unary(): Query {
    const token = this.tokens[this.at++];
    if (!token)
      throw new Failure(
        message('Something is missing at the end: a word, or a field such as host:example.com.'),
        this.end,
      );
    if (++this.depth > maxDepth) throw new Failure(message('Nested more than {0} deep.', maxDepth), token);
    try {
      switch (token.kind) {
        case 'not':
          return { kind: 'not', part: this.unary() };
        case '(': {
          const inner = this.or();
          if (!this.accept(')')) throw new Failure(message('This parenthesis is not closed.'), token);
          return inner;
        }
        case 'term':
          return this.term(token);
        case 'text':
          return { kind: 'term', field: freeText.name, test: this.text(token.value, ':'), span: token };
        case ')':
        case 'and':
        case 'or':
          throw new Failure(message('Something is missing before "{0}".', token.kind), token);
      }
    } finally {
      this.depth--;
    }
  }

  private accept(kind: Token['kind']): boolean {
    if (this.tokens[this.at]?.kind !== kind) return false;
    this.at++;
    return true;
  }

  private term(token: Extract<Token, { kind: 'term' }>): Query {
    const field = fieldOf(token.field);
    if (!field) throw new Failure(noField(token.field), token.fieldSpan);
    const { value, operator } = token;
    if (value.kind === 'bare' && value.text === '')
      throw new Failure(message('A value is missing after "{0}".', token.field + operator), token);
    const negated = operator === '!=';
    const effective = negated ? '=' : operator;
    const tests = this.tests(field, effective, value);
    const terms = tests.map((test): Query => ({ kind: 'term', field: field.name, test, span: token }));
    const query: Query = terms.length === 1 ? terms[0]! : { kind: 'or', parts: terms };
    return negated ? { kind: 'not', part: query } : query;
  }

  /** Several where the value is a list: port:80,443. */
  private tests(field: Field, operator: Operator, value: Value): Test[] {
    if (value.kind === 'bare' && value.text === '*') return [{ kind: 'present' }];
    const numeric = field.number !== undefined;
    if (!numeric && operator !== ':' && operator !== '=')
      throw new Failure(message('"{0}" is text: use {0}:… or {0}=…, not {1}.', field.name, operator), value);
    if (value.kind !== 'bare') {
      if (numeric) throw new Failure(message('"{0}" needs {1}.', field.name, unitHint[field.kind]), value);
      return [this.text(value, operator)];
    }
    const parts = numeric || field.kind === 'word' ? split(value) : [value];
    return parts.map((part) => (numeric ? this.numberTest(field, operator, part) : wordOrText(field, operator, part)));
  }

  private text(value: Value, operator: Operator): Test {
    if (value.kind !== 'regex') return textTest(value, operator);
    const { test, size } = regexTest(value);
    this.regexSizes += size;
    if (this.regexSizes > maxRegexSizes)
      throw new Failure(
        message(
          'The regular expressions of this query are too large together: up to here they unfold to {0} steps, more than {1}.',
          this.regexSizes,
          maxRegexSizes,
        ),
        value,
      );
    return test;
  }

  private numberTest(field: Field, operator: Operator, value: Value): Test {
    const number = (text: string): number => {
      const n = parseNumber(text, field.kind, this.now);
      if (n === undefined)
        throw new Failure(
          message('"{0}" does not fit "{1}": it needs {2}.', text, field.name, unitHint[field.kind]),
          value,
        );
      return n;
    };
    const range = /^(.*?)\.\.(.*)$/.exec(value.text);
    if (range && (operator === ':' || operator === '=')) {
      const from = range[1] ? number(range[1]) : -Infinity;
      const to = range[2] ? number(range[2]) : Infinity;
      if (from > to)
        throw new Failure(message('The range {0} is empty: its start is above its end.', value.text), value);
      return { kind: 'range', from, to, fromOpen: false, toOpen: false };
    }
    const n = number(value.text);
    switch (operator) {
      case '>':
      case '>=':
        return { kind: 'range', from: n, to: Infinity, fromOpen: operator === '>', toOpen: false };
      case '<':
      case '<=':
        return { kind: 'range', from: -Infinity, to: n, fromOpen: false, toOpen: operator === '<' };
      default:
        return { kind: 'range', from: n, to: n, fromOpen: false, toOpen: false };
    }
  }
}

function split(value: BareValue): BareValue[] {
  let start = value.start;
  return value.text.split(',').map((text) => {
    const part: BareValue = { kind: 'bare', text, start, end: start + text.length };
    start = part.end + 1;
    if (text === '') throw new Failure(message('A value is missing in this list.'), value);
    return part;
  });
}

function wordOrText(field: Field, operator: Operator, value: BareValue): Test {
  if (field.kind !== 'word' || /[*?]/.test(value.text)) return textTest(value, operator);
  const known = field.words!.filter((w) => w.toLowerCase().startsWith(value.text.toLowerCase()));
  // Methods and protocols are open sets: an unknown one is asked for as it is.
  if (known.length === 0 && (field.name === 'state' || field.name === 'reason' || field.name === 'direction'))
    throw new Failure(
      message('"{0}" is no {1}. There are: {2}.', value.text, field.name, field.words!.join(', ')),
      value,
    );
  // "reset" means both resets; other words must be whole.
  return field.name === 'reason' && operator === ':' && known.every((w) => w !== value.text)
    ? { kind: 'contains', text: value.text }
    : { kind: 'equals', text: value.text };
}

function textTest(value: Exclude<Value, RegexValue>, operator: Operator): Test {
  switch (value.kind) {
    case 'quoted':
      if (!value.closed) throw new Failure(message('This quotation mark is not closed.'), value);
      return operator === '=' ? { kind: 'equals', text: value.text } : { kind: 'contains', text: value.text };
    case 'bare':
      if (/[*?]/.test(value.text)) return { kind: 'glob', pattern: value.text };
      return operator === '=' ? { kind: 'equals', text: value.text } : { kind: 'contains', text: value.text };
  }
}

/** `size`: the steps that it unfolds to. */
function regexTest(value: RegexValue): { readonly test: Test; readonly size: number } {
  if (/[^i]/.test(value.flags))
    throw new Failure(message('The only flag of a regular expression is i, not "{0}".', value.flags), value);
  let size: number;
  try {
    size = RE2JS.compile(value.text).programSize();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new Failure(
      message(
        'This regular expression is not understood: {0}. (Back references and look-around are not offered.)',
        why,
      ),
      value,
    );
  }
  if (size > maxRegexSize)
    throw new Failure(
      message(
        'This regular expression is too large: it unfolds to {0} steps, more than {1}. Counted repetitions unfold to as many copies.',
        size,
        maxRegexSize,
      ),
      value,
    );
  return { test: { kind: 'regex', pattern: value.text, ignoreCase: value.flags.includes('i') }, size };
}

/** With the nearest field name, for a slip of the finger. */
function noField(name: string): Message {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
      row = next;
    }
    return row[b.length]!;
  };
  const wanted = name.toLowerCase().slice(0, 20);
  const [best] = fields.map((f) => ({ name: f.name, d: distance(wanted, f.name) })).sort((a, b) => a.d - b.d);
  return best && best.d <= 2
    ? message('There is no field "{0}". Did you mean "{1}"?', name, best.name)
    : message('There is no field "{0}". There are: {1}.', name, fields.map((f) => f.name).join(', '));
}
