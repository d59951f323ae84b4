// A team identifier that stands in code: ten characters of A-Z and 0-9 where the code says it is a team.
import type { TextRange } from '../../entitlements/finding.ts';
import type { TokenList } from './cursor.ts';

const inRequirement = /subject\.OU\]\s*=\s*"?([A-Z0-9]{10})\b/;
const inName = /^([A-Z0-9]{10})\.[\w.-]+$/;

/** At least one digit and one letter: no word of ten capitals is taken for a team. */
const likely = (text: string | undefined): text is string =>
  text !== undefined && /\d/.test(text) && /[A-Z]/.test(text);

export function readTeamLiterals(list: TokenList): readonly (TextRange & { readonly team: string })[] {
  const found: (TextRange & { readonly team: string })[] = [];
  for (const [i, { kind, text, start, end }] of list.tokens.entries()) {
    if (kind !== 'string' || text.length < 10 || text.length > 1000) continue;
    const named = /^[A-Z0-9]{10}$/.test(text) && /team/i.test(nameBefore(list, i)) ? text : undefined;
    const team = inRequirement.exec(text)?.[1] ?? inName.exec(text)?.[1] ?? named;
    if (likely(team)) found.push({ start, end, team });
  }
  return found;
}

/** The name that a literal at token i is given to: `let teamID = "…"`, `#define TEAM_ID @"…"`, `teamID: "…"`. */
function nameBefore(list: TokenList, i: number): string {
  if (list.at(i - 2)?.kind === 'directive') return list.text(i - 1);
  if (list.is(i - 1, '=') || list.is(i - 1, ':')) {
    const name = list.text(i - 2);
    return name === 'String' ? list.text(i - 4) : name;
  }
  return '';
}
