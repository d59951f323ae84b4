// Another provider value on an extension and its apps at once: one side alone would be another mistake.
import type { Fix } from '../../entitlements/finding.ts';
import { stringsOf } from '../../plist/value.ts';
import type { Configuration, Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { setStringFix } from './fixes.ts';
import { networkExtensionKey } from './keys.ts';

/** In the files of the configurations that `applies` is true of; none where another configuration shares one. */
export function valueFix(
  c: ProjectContext,
  target: Target,
  applies: (configuration: Configuration) => boolean,
  from: string,
  to: string,
): readonly Fix[] {
  const linked = c.pairs.filter((p) => p.app === target || p.sysex === target).flatMap((p) => [p.app, p.sysex]);
  const configurations = [...new Set([target, ...linked])].flatMap((t) => t.configurations);
  const meant = new Set(configurations.filter(applies).map((k) => k.entitlements.path));
  if (configurations.some((k) => !applies(k) && meant.has(k.entitlements.path))) return [];
  const uses = new Map(
    configurations.filter((k) => meant.has(k.entitlements.path)).map((k) => [k.entitlements.path, k]),
  );
  const edits = [...uses.values()]
    .flatMap((k) =>
      stringsOf(c.entitlement(k, networkExtensionKey)?.value)
        .filter((s) => s.value === from)
        .flatMap((s) => setStringFix('', k.entitlements, s, to)),
    )
    .flatMap((f) => f.edits);
  return edits.length > 0 ? [{ title: `Change to ${to}`, edits, preferred: true }] : [];
}
