// One source file -> facts. Patterns over tokens; each reader below knows one thing.
import { basename, extension } from '../files.ts';
import { readAccepts } from './accept.ts';
import { TokenList } from './cursor.ts';
import { readClasses, readConstants, readMains, readProviderIds, readStrings } from './declarations.ts';
import type { SourceFacts, Suppression } from './facts.ts';
import { watchedWords } from './facts.ts';
import { readObjects, readReceivers } from './objects.ts';
import { readDoubleReads } from './reads.ts';
import { readTeamLiterals } from './teams.ts';
import { languageOf, tokenise } from './tokens.ts';
import type { Comment } from './tokens.ts';

/** Longer files are generated. */
const maxLength = 4_000_000;

/** Files without any of these hold nothing a rule asks for, constants and names aside. */
const interesting =
  /XPC|xpc_|NEProvider|NE[A-Z]\w+(?:Provider|Manager)|NWHostEndpoint|NWConnection|NWListener|URLSession|nw_(?:connection|listener)_create|NSExtensionMain|startSystemExtensionMode|OSSystemExtension|kSecGuest|CodeSigningRequirement|readData|@main|\bint main\b|flowtap:disable/;

/** Whether the rules have to look at a source at all. */
export const isRelevant = (path: string, text: string): boolean =>
  languageOf(extension(path)) !== undefined &&
  text.length <= maxLength &&
  (basename(path).startsWith('main.') || interesting.test(text));

const nothing: SourceFacts = {
  objects: [],
  accepts: [],
  constants: [],
  strings: [],
  classes: [],
  mains: [],
  providerIds: [],
  words: new Map(),
  resumed: new Set(),
  interfaced: new Set(),
  teamLiterals: [],
  doubleReads: [],
  suppressions: [],
};

/** Never throws. Facts are empty for a language that is not read. */
export function scanSource(path: string, text: string): SourceFacts {
  const language = languageOf(extension(path));
  if (!language || text.length > maxLength) return nothing;
  const { tokens, comments } = tokenise(text, language);
  const list = new TokenList(tokens);
  const words = new Map<string, { start: number; end: number }>();
  for (const { kind, text: word, start, end } of tokens)
    if (kind === 'word' && watchedWords.has(word) && !words.has(word)) words.set(word, { start, end });
  const constants = readConstants(list, language);
  return {
    objects: readObjects(list, language),
    accepts: readAccepts(list, language),
    constants,
    strings: readStrings(list),
    classes: readClasses(list, language),
    mains: readMains(list, language, path),
    providerIds: readProviderIds(list, language),
    words,
    ...readReceivers(list),
    teamLiterals: readTeamLiterals(list),
    doubleReads: readDoubleReads(list, language),
    suppressions: readSuppressions(text, comments),
  };
}

/** `// flowtap:disable SRC003` (its own line and the next), `// flowtap:disable-file SRC003`. No id: every rule. */
export function readSuppressions(text: string, comments: readonly Comment[]): readonly Suppression[] {
  if (!text.includes('flowtap:disable')) return [];
  const found: Suppression[] = [];
  for (const { start, end } of comments) {
    const said = /flowtap:disable(-file|-next-line)?((?:[ \t,]+[A-Z]{1,3}\d{3})*)/.exec(text.slice(start, end));
    if (!said) continue;
    const line = text.slice(0, start).split('\n').length - 1;
    const last = text.slice(0, end).split('\n').length - 1;
    const lines = said[1] === '-file' ? [-1] : [line, last + 1];
    const rules = said[2]?.match(/[A-Z]{1,3}\d{3}/g) ?? ['*'];
    for (const rule of rules) for (const at of lines) found.push({ rule, line: at });
  }
  return found;
}
