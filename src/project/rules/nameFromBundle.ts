// The endpoint's name read from Info.plist in place of a text. Only in code that the extension alone runs: there the
// main bundle is its own, anywhere else another's.
import type { Fix } from '../../entitlements/finding.ts';
import type { Location } from '../../entitlements/project.ts';
import { extension } from '../files.ts';
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
  const line = text.slice(text.lastIndexOf('\n', range.start) + 1, range.start);
  const isSwift = extension(file) === 'swift';
  // A constant of C must be initialised by a constant; a macro and an argument need not.
  if (!isSwift && /\bconst\b|^\s*static\b/.test(line)) return [];
  if (isSwift && !/^\s*import (Foundation|NetworkExtension|Cocoa|AppKit)\b/m.test(text)) return [];
  const to = isSwift ? swift : objectiveC;
  return [fixIn('Read the name from Info.plist', file, [{ ...range, text: to }])];
}
