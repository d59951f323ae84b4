// The endpoint's name read from Info.plist in place of a text. Only in code that the extension alone runs: there the
// main bundle is its own, anywhere else another's.
import type { Fix } from '../../entitlements/finding.ts';
import type { Location } from '../../entitlements/project.ts';
import { canAskBundle, isSwift } from './codeFixes.ts';
import type { EndpointUse, ProjectContext } from './context.ts';
import { fixIn } from './fixes.ts';

const swift =
  '((Bundle.main.object(forInfoDictionaryKey: "NetworkExtension") as? [String: Any])?["NEMachServiceName"] as? String ?? "")';
const objectiveC = '[[NSBundle mainBundle] objectForInfoDictionaryKey:@"NetworkExtension"][@"NEMachServiceName"]';

export function nameFromBundle(c: ProjectContext, use: EndpointUse, place: Location): readonly Fix[] {
  const { file, range } = place;
  const users = c.users(file);
  if (!c.sysexes.includes(use.target) || users.length !== 1 || users[0] !== use.target || use.object.api === 'C')
    return [];
  const text = c.model.cache.text(file) ?? '';
  if (!canAskBundle(file, text, range.start)) return [];
  const to = isSwift(file) ? swift : objectiveC;
  return [fixIn('Read the name from Info.plist', file, [{ ...range, text: to }])];
}
