// A query after parsing: docs/query.md describes the language.
import { wordsOf, type Message, type Translator } from '../message.ts';

/** UTF-16 offsets into the query. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | { readonly kind: 'term'; readonly field: string; readonly test: Test; readonly span: Span };

/** What is asked of one field. Numbers are in the field's own unit (bytes, microseconds, ...). */
export type Test =
  | { readonly kind: 'contains'; readonly text: string }
  | { readonly kind: 'equals'; readonly text: string }
  | { readonly kind: 'glob'; readonly pattern: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly kind: 'present' }
  | {
      readonly kind: 'range';
      readonly from: number;
      readonly to: number;
      readonly fromOpen: boolean;
      readonly toOpen: boolean;
    };

/** Thrown by nothing: parsing gives it back. The message names what was wrong and what would be right. */
export interface QueryError extends Span {
  readonly message: string;
}

/** As the parser gives it, in English. */
export interface ParseError extends QueryError {
  readonly said: Message;
}

/** In the language of the editor. */
export const translatedError = ({ said, start, end }: ParseError, translate: Translator): QueryError => ({
  message: wordsOf(said, translate),
  start,
  end,
});
