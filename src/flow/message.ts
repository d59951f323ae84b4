// Sentences of the pure folders: in English, with what a translation starts from. scripts/l10n.mjs collects the literals.

/** `text` has {0}, {1}, … for its arguments, each of which may be a phrase of its own. */
export interface Message {
  readonly text: string;
  readonly args: readonly Argument[];
}
export type Argument = string | number | Message;

export const message = (text: string, ...args: readonly Argument[]): Message => ({ text, args });

/** Puts arguments into a sentence, in its language: vscode.l10n.t in the editor. */
export type Translator = (text: string, ...args: (string | number)[]) => string;

const inEnglish: Translator = (text, ...args) => text.replace(/\{(\d+)\}/g, (all, n) => String(args[Number(n)] ?? all));

export const wordsOf = ({ text, args }: Message, translate: Translator = inEnglish): string =>
  translate(text, ...args.map((a) => (typeof a === 'object' ? wordsOf(a, translate) : a)));
