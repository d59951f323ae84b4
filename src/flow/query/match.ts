// A query as a predicate.
import { RE2JS } from 're2js';
import type { Flow } from '../model.ts';
import type { Query, Test } from './ast.ts';
import { fieldOf, freeText, type Field } from './fields.ts';
import type { Meter } from './meter.ts';

/** True where a text fits. Upper and lower case are one, except in regular expressions without the flag i. */
export function textPredicate(test: Test): (text: string) => boolean {
  switch (test.kind) {
    case 'contains': {
      const wanted = test.text.toLowerCase();
      return (text) => text.toLowerCase().includes(wanted);
    }
    case 'equals': {
      const wanted = test.text.toLowerCase();
      return (text) => text.toLowerCase() === wanted;
    }
    case 'glob': {
      const wanted = test.pattern.toLowerCase();
      return (text) => glob(wanted, text.toLowerCase());
    }
    case 'regex': {
      // RE2 takes at most a step for each character and each instruction, of which the parser allows 500.
      const expression = RE2JS.compile(test.pattern, test.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
      return (text) => expression.matcher(text).find();
    }
    case 'present':
      return (text) => text !== '';
    case 'range':
      return () => false;
  }
}

/** The work of one text at most, by its length; see meter.ts. */
function textWork(test: Test): (length: number) => number {
  if (test.kind === 'regex') {
    const perCharacter = 1 + RE2JS.compile(test.pattern).programSize();
    return (length) => 50 + length * perCharacter;
  }
  const perCharacter = test.kind === 'glob' ? 1 + test.pattern.length / 4 : 1;
  return (length) => 5 + length * perCharacter;
}

/** The predicate, which says what it did. */
export function metered(test: Test, meter: Pick<Meter, 'left'>): (text: string) => boolean {
  const fits = textPredicate(test);
  const work = textWork(test);
  return (text) => {
    meter.left -= work(text.length);
    return fits(text);
  };
}

/** `*` any run, `?` any one character, over the whole text. Only the last star is ever taken back, so the work is at most text times pattern. */
function glob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

export const inRange = (test: Extract<Test, { kind: 'range' }>, n: number): boolean =>
  (test.fromOpen ? n > test.from : n >= test.from) && (test.toOpen ? n < test.to : n <= test.to);

export const fieldByName = (name: string): Field => (name === freeText.name ? freeText : fieldOf(name)!);

/** A predicate on single flows. `now`: microseconds since 1970, asked at each call for ages and durations. `meter`: is told of the work on texts. */
export function compileQuery(
  query: Query,
  now: () => number = () => Date.now() * 1000,
  meter?: Pick<Meter, 'left'>,
): (flow: Flow) => boolean {
  switch (query.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const parts = query.parts.map((p) => compileQuery(p, now, meter));
      return (flow) => parts.every((p) => p(flow));
    }
    case 'or': {
      const parts = query.parts.map((p) => compileQuery(p, now, meter));
      return (flow) => parts.some((p) => p(flow));
    }
    case 'not': {
      const part = compileQuery(query.part, now, meter);
      return (flow) => !part(flow);
    }
    case 'term':
      return compileTerm(fieldByName(query.field), query.test, now, meter);
  }
}

function compileTerm(
  field: Field,
  test: Test,
  now: () => number,
  meter: Pick<Meter, 'left'> | undefined,
): (flow: Flow) => boolean {
  const { number, texts } = field;
  if (number)
    return (flow) => (test.kind === 'range' ? inRange(test, number(flow, now())) : !Number.isNaN(number(flow, now())));
  const fits = meter ? metered(test, meter) : textPredicate(test);
  return (flow) => texts!(flow).some((text) => text !== undefined && fits(text));
}
