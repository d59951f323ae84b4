// Completion in the query bar.
import { message, wordsOf, type Translator } from '../message.ts';
import { fieldOf, fields } from './fields.ts';
import { lex } from './lexer.ts';

export interface Completion {
  readonly label: string;
  readonly detail: string;
  /** Replaces query[start, end). */
  readonly insert: string;
  readonly start: number;
  readonly end: number;
}

/** What may stand at the cursor. `seen` gives values that occur in the flows, best first. */
export function completeQuery(
  text: string,
  cursor: number,
  seen: (field: string) => readonly string[] = () => [],
  translate?: Translator,
): Completion[] {
  const token = lex(text.slice(0, cursor)).find((t) => t.end === cursor && (t.kind === 'term' || t.kind === 'text'));
  if (token?.kind === 'term') {
    const field = fieldOf(token.field);
    if (!field || field.number || token.value.kind === 'regex') return [];
    const typed = token.value.text.slice(token.value.text.lastIndexOf(',') + 1);
    const values = [...new Set([...(field.words ?? []), ...seen(field.name)])];
    return ranked(values, typed).map((value) => ({
      label: value,
      detail: wordsOf(field.about, translate),
      insert: /[\s()"',]/.test(value) ? JSON.stringify(value) : value,
      start: token.value.end - typed.length - (token.value.kind === 'quoted' ? 1 : 0),
      end: cursor,
    }));
  }
  const typed = token?.kind === 'text' ? token.value.text : '';
  const start = cursor - typed.length;
  const names = ranked(
    fields.map((f) => f.name),
    typed,
  );
  return [
    ...names.map((name) => ({
      label: name,
      detail: wordsOf(fieldOf(name)!.about, translate),
      insert: fieldOf(name)!.number ? name : `${name}:`,
      start,
      end: cursor,
    })),
    ...ranked(['and', 'or', 'not'], typed).map((w) => ({
      label: w,
      detail: wordsOf(message('joins terms'), translate),
      insert: `${w} `,
      start,
      end: cursor,
    })),
  ];
}

const maxCompletions = 50;
/** Those that begin with what was typed, then those that hold it. */
function ranked(values: readonly string[], typed: string): string[] {
  const wanted = typed.toLowerCase();
  const at = (v: string): number => v.toLowerCase().indexOf(wanted);
  return values
    .filter((v) => at(v) >= 0)
    .sort((a, b) => Math.min(at(a), 1) - Math.min(at(b), 1))
    .slice(0, maxCompletions);
}
