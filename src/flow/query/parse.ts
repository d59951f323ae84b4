// Query text -> Query, by recursive descent: or < and < not < term.
import { RE2JS } from 're2js';
import type { Query, QueryError, Span, Test } from './ast.ts';
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
  { readonly query: Query; readonly error?: undefined } | { readonly query?: undefined; readonly error: QueryError };

type BareValue = Extract<Value, { kind: 'bare' }>;
type RegexValue = Extract<Value, { kind: 'regex' }>;

class Failure extends Error {
  readonly span: Span;
  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}

/** `now`: microseconds since 1970, for times of day. Never throws. */
export function parseQuery(text: string, now: number = Date.now() * 1000): Parsed {
  try {
    if (text.length > maxQueryLength)
      throw new Failure(`The query is longer than ${maxQueryLength} characters.`, {
        start: maxQueryLength,
        end: text.length,
      });
    return { query: new Parser(lex(text), text.length, now).parse() };
  } catch (error) {
    if (error instanceof Failure) return { error: { message: error.message, ...error.span } };
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
    if (rest)
      throw new Failure(rest.kind === ')' ? 'This parenthesis closes nothing.' : 'The query should end here.', rest);
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
      throw new Failure('Something is missing at the end: a word, or a field such as host:example.com.', this.end);
    if (++this.depth > maxDepth) throw new Failure(`Nested more than ${maxDepth} deep.`, token);
    try {
      switch (token.kind) {
        case 'not':
          return { kind: 'not', part: this.unary() };
        case '(': {
          const inner = this.or();
          if (!this.accept(')')) throw new Failure('This parenthesis is not closed.', token);
          return inner;
        }
        case 'term':
          return this.term(token);
        case 'text':
          return { kind: 'term', field: freeText.name, test: this.text(token.value, ':'), span: token };
        case ')':
        case 'and':
        case 'or':
          throw new Failure(`Something is missing before "${token.kind}".`, token);
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
    if (!field) throw new Failure(`There is no field "${token.field}".${suggestion(token.field)}`, token.fieldSpan);
    const { value, operator } = token;
    if (value.kind === 'bare' && value.text === '')
      throw new Failure(`A value is missing after "${token.field}${operator}".`, token);
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
      throw new Failure(`"${field.name}" is text: use ${field.name}:… or ${field.name}=…, not ${operator}.`, value);
    if (value.kind !== 'bare') {
      if (numeric) throw new Failure(`"${field.name}" needs ${unitHint[field.kind]}.`, value);
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
        `The regular expressions of this query are too large together: up to here they unfold to ${this.regexSizes} steps, more than ${maxRegexSizes}.`,
        value,
      );
    return test;
  }

  private numberTest(field: Field, operator: Operator, value: Value): Test {
    const number = (text: string): number => {
      const n = parseNumber(text, field.kind, this.now);
      if (n === undefined)
        throw new Failure(`"${text}" does not fit "${field.name}": it needs ${unitHint[field.kind]}.`, value);
      return n;
    };
    const range = /^(.*?)\.\.(.*)$/.exec(value.text);
    if (range && (operator === ':' || operator === '=')) {
      const from = range[1] ? number(range[1]) : -Infinity;
      const to = range[2] ? number(range[2]) : Infinity;
      if (from > to) throw new Failure(`The range ${value.text} is empty: its start is above its end.`, value);
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
    if (text === '') throw new Failure('A value is missing in this list.', value);
    return part;
  });
}

function wordOrText(field: Field, operator: Operator, value: BareValue): Test {
  if (field.kind !== 'word' || /[*?]/.test(value.text)) return textTest(value, operator);
  const known = field.words!.filter((w) => w.toLowerCase().startsWith(value.text.toLowerCase()));
  // Methods and protocols are open sets: an unknown one is asked for as it is.
  if (known.length === 0 && (field.name === 'state' || field.name === 'reason' || field.name === 'direction'))
    throw new Failure(`"${value.text}" is no ${field.name}. There are: ${field.words!.join(', ')}.`, value);
  // "reset" means both resets; other words must be whole.
  return field.name === 'reason' && operator === ':' && known.every((w) => w !== value.text)
    ? { kind: 'contains', text: value.text }
    : { kind: 'equals', text: value.text };
}

function textTest(value: Exclude<Value, RegexValue>, operator: Operator): Test {
  switch (value.kind) {
    case 'quoted':
      if (!value.closed) throw new Failure('This quotation mark is not closed.', value);
      return operator === '=' ? { kind: 'equals', text: value.text } : { kind: 'contains', text: value.text };
    case 'bare':
      if (/[*?]/.test(value.text)) return { kind: 'glob', pattern: value.text };
      return operator === '=' ? { kind: 'equals', text: value.text } : { kind: 'contains', text: value.text };
  }
}

/** `size`: the steps that it unfolds to. */
function regexTest(value: RegexValue): { readonly test: Test; readonly size: number } {
  if (/[^i]/.test(value.flags))
    throw new Failure(`The only flag of a regular expression is i, not "${value.flags}".`, value);
  let size: number;
  try {
    size = RE2JS.compile(value.text).programSize();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new Failure(
      `This regular expression is not understood: ${why}. (Back references and look-around are not offered.)`,
      value,
    );
  }
  if (size > maxRegexSize)
    throw new Failure(
      `This regular expression is too large: it unfolds to ${size} steps, more than ${maxRegexSize}. Counted repetitions unfold to as many copies.`,
      value,
    );
  return { test: { kind: 'regex', pattern: value.text, ignoreCase: value.flags.includes('i') }, size };
}

/** The nearest field name, for a slip of the finger. */
function suggestion(name: string): string {
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
  return best && best.d <= 2 ? ` Did you mean "${best.name}"?` : ` There are: ${fields.map((f) => f.name).join(', ')}.`;
}
