// A Team ID read from Info.plist in place of a text: the build puts there whose team it is.
import type { Fix, TextRange } from '../../entitlements/finding.ts';
import { entry } from '../../plist/value.ts';
import { insertEntry } from '../../plist/xmlEdit.ts';
import { canAskBundle, isSwift, teamOf } from './codeFixes.ts';
import type { ProjectContext } from './context.ts';
import { editable } from './fixes.ts';

const key = 'TeamIdentifier';
const swift = `(Bundle.main.object(forInfoDictionaryKey: "${key}") as? String ?? "")`;
const objectiveC = `[[NSBundle mainBundle] objectForInfoDictionaryKey:@"${key}"]`;

/**
 * Only where the whole text is the team that the target is signed with, in code of a target with a bundle of its own: in
 * another's process the main bundle is another's.
 */
export function teamFromBundle(
  c: ProjectContext,
  file: string,
  literal: TextRange & { readonly team: string },
): readonly Fix[] {
  const [target, ...others] = c.users(file);
  if (!target || others.length > 0 || teamOf(target) !== literal.team) return [];
  if (target.productType !== 'application' && target.productType !== 'system-extension') return [];
  const text = c.model.cache.text(file) ?? '';
  if (!/^@?"[A-Z0-9]{10}"$/.test(text.slice(literal.start, literal.end))) return [];
  if (!canAskBundle(file, text, literal.start)) return [];

  const edits = [{ file, start: literal.start, end: literal.end, text: isSwift(file) ? swift : objectiveC }];
  const files = new Set<string>();
  for (const { info } of target.configurations) {
    const plist = editable(info);
    if (!plist) return [];
    if (files.has(plist.file) || entry(plist.root, key)) continue;
    files.add(plist.file);
    edits.push({ ...insertEntry(plist.document, plist.root, key, '$(DEVELOPMENT_TEAM)'), file: plist.file });
  }
  return [{ title: 'Read the Team ID from Info.plist', edits }];
}
