// Which app carries a system extension.
import { entry } from '../../plist/value.ts';
import { dirname, isWithin } from '../files.ts';
import type { Target } from '../model.ts';
import { installKey } from './keys.ts';

/** Another target carries it (a login item, a helper app). */
export const isEmbedded = (target: Target, targets: readonly Target[]): boolean =>
  targets.some((t) => t.embeds.some((e) => e.target === target.id));

/** By its build phases, its dependencies, or as the only app that can be meant. */
export function containersOf(sysex: Target, targets: readonly Target[], sysexes: readonly Target[]): readonly Target[] {
  const apps = targets.filter((t) => t.productType === 'application' && t.platform !== 'ios');
  const embedding = apps.filter((app) => app.embeds.some((e) => e.target === sysex.id));
  if (embedding.length > 0) return embedding;
  const depending = apps.filter((app) => app.dependencies.includes(sysex.id));
  if (depending.length > 0) return depending;
  const same = apps.filter((app) => app.project === sysex.project && !isEmbedded(app, targets));
  const installing = same.filter((app) =>
    app.configurations.some((c) => entry(c.entitlements.part?.root, installKey) !== undefined),
  );
  // Without a link between the two only a lone app can be the one.
  const candidates = installing.length > 0 ? installing : same;
  if (sysex.origin === 'inferred') {
    const { apps: near } = nearestApps(candidates, sysex);
    return near.length === 1 ? near : [];
  }
  const others = sysexes.filter((s) => s.project === sysex.project);
  return candidates.length === 1 && others.length === 1 ? candidates : [];
}

/** The deepest folder that an extension shares with apps, and those. */
export function nearestApps(
  apps: readonly Target[],
  extension: Target,
): { readonly folder: string; readonly apps: readonly Target[] } {
  for (let folder = dirname(extension.place.file); ; folder = dirname(folder)) {
    const within = apps.filter((app) => isWithin(app.place.file, folder));
    if (within.length > 0 || folder === '') return { folder, apps: within };
  }
}
