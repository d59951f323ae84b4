// --filter: the query language of the panel, on the command line.
import type { Flow } from '../flow/model.ts';
import { printable } from './columns.ts';
import { Failure } from './failure.ts';

export type Matches = (flow: Flow) => boolean;

/** Throws a Failure that shows the place. Without a filter every flow matches. */
export async function filterOf(text: string | undefined, status: number): Promise<Matches> {
  if (text === undefined) return () => true;
  const [{ parseQuery }, { compileQuery }] = await Promise.all([
    import('../flow/query/parse.ts'),
    import('../flow/query/match.ts'),
  ]);
  const { query, error } = parseQuery(text);
  if (query) return compileQuery(query);
  const { message, start, end } = error;
  const width = (from: number, to: number): number => Array.from(printable(text.slice(from, to))).length;
  throw new Failure(
    status,
    `the filter is not understood: ${message}\n${excerpt(text, start, end, width)}`,
    'docs/query.md describes the language.',
  );
}

/** The filter on one line, and a mark under the place; of a long one what is around it. */
function excerpt(text: string, start: number, end: number, width: (from: number, to: number) => number): string {
  const from = Math.max(0, start - 60);
  const to = Math.min(text.length, Math.max(end, start) + 60, start + 120);
  const mark = '^'.repeat(Math.max(1, width(start, Math.min(end, to))));
  return `  ${printable(text.slice(from, to))}\n  ${' '.repeat(width(from, start))}${mark}`;
}
