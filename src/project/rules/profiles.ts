// Provisioning profiles that lie in the project, by the targets they are for.
import { findKey } from '../../entitlements/catalogue/catalogue.ts';
import { entriesOf, lookup, stringsOf } from '../../plist/value.ts';
import type { PlistEntry, PlistValue } from '../../plist/value.ts';
import type { Configuration, Target } from '../model.ts';
import type { ProfileUse } from '../profileUse.ts';
import type { ProjectContext } from './context.ts';

/** Macs only: elsewhere Xcode makes and changes profiles on its own, and their rules are others. */
export const profileTargets = (c: ProjectContext): readonly Target[] =>
  c.relatedTargets.filter((t) => t.platform === 'macos' || c.pairs.some((p) => p.app === t || p.sysex === t));

/** The profile that a configuration names, else the ones whose application id is the target's own (no wildcard). */
export function profilesOf(c: ProjectContext, configuration: Configuration): readonly ProfileUse[] {
  const all = c.profiles;
  if (all.length === 0) return [];
  const named =
    configuration.settings.value('PROVISIONING_PROFILE_SPECIFIER') ||
    configuration.settings.value('PROVISIONING_PROFILE');
  const byName = named ? all.filter((p) => p.name === named || p.uuid === named) : [];
  if (byName.length > 0) return byName;
  // A name that is not among the files is another profile.
  if (named) return [];
  const id = c.bundleId(configuration);
  if (!id?.complete || id.text === '') return [];
  return all.filter((p) => applicationId(p) === id.text);
}

export interface RestrictedClaim {
  readonly configuration: Configuration;
  readonly file: string;
  readonly claim: PlistEntry;
  /** Those that would have to allow it; at least one. */
  readonly profiles: readonly ProfileUse[];
  /** The first one's name, for people. */
  readonly profileName: string;
}

/** Each key that a target claims and only a profile can allow, where a profile is known. */
export function* restrictedClaims(c: ProjectContext): Generator<RestrictedClaim> {
  for (const target of profileTargets(c))
    for (const configuration of target.configurations) {
      const profiles = profilesOf(c, configuration);
      const { part } = configuration.entitlements;
      const [first] = profiles;
      if (!first || !part) continue;
      for (const claim of entriesOf(part.root))
        if (findKey(claim.key)?.access === 'restricted')
          yield { configuration, file: part.file, claim, profiles, profileName: first.name ?? first.file };
    }
}

/** The profile is the very one that the configuration names, not one that just fits. */
export function isNamed(configuration: Configuration, { name, uuid }: ProfileUse): boolean {
  const { settings } = configuration;
  const named = settings.value('PROVISIONING_PROFILE_SPECIFIER') || settings.value('PROVISIONING_PROFILE');
  return named !== undefined && named !== '' && (named === name || named === uuid);
}

/** Without the team's prefix. */
export function applicationId(profile: ProfileUse): string | undefined {
  const value =
    lookup(profile.entitlements, 'com.apple.application-identifier') ??
    lookup(profile.entitlements, 'application-identifier');
  return value?.kind === 'string' ? value.value.replace(/^[A-Z0-9]{10}\./, '') : undefined;
}

/** Strings that a profile allows for a key: itself, or with a trailing `*`. */
export function allows(allowed: PlistValue | undefined, value: string): boolean {
  return stringsOf(allowed).some(({ value: pattern }) =>
    pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value,
  );
}
