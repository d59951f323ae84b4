// What a rule says of a document: shared by the single-file and the cross-file rules, the editor and `flowtap lint`.

/** UTF-16 offsets into the document's text; `end` is exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type Severity = 'error' | 'warning' | 'info' | 'hint';

/** Replaces text[start, end) of `file` by `text`. Edits of one fix never overlap within a file. */
export interface TextEdit extends TextRange {
  readonly file: string;
  readonly text: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** Files the fix makes; their whole text. */
  readonly creates?: readonly { readonly file: string; readonly text: string }[];
  /** Set on the one fix to prefer when "fix all" is asked for. */
  readonly preferred?: boolean;
}

export interface Finding {
  /** As in docs/rules: ENT007, INF004, X009, SRC001, ... */
  readonly rule: string;
  readonly severity: Severity;
  /** The path or URI by which the caller named the document. */
  readonly file: string;
  readonly range: TextRange;
  readonly message: string;
  readonly fixes: readonly Fix[];
  /** Other places that explain the finding. */
  readonly related?: readonly { readonly file: string; readonly range: TextRange; readonly message: string }[];
}
