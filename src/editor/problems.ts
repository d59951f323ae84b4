// Problems in the language of the editor. Imports no vscode.
import { wordsOf } from '../flow/message.ts';
import { detailOf, sentencesOf, type Problem } from '../proxy/problems.ts';
import type { Translate } from './sidebar/text.ts';

/** What another program wrote (the app, the launcher, the daemon) stays as it is. */
export function translated(problem: Problem, translate: Translate): Problem {
  const detail = detailOf(problem);
  if (detail === undefined) return problem;
  const { text, next } = sentencesOf(problem.code, detail);
  return { code: problem.code, text: wordsOf(text, translate).trimEnd(), next: wordsOf(next, translate) };
}
