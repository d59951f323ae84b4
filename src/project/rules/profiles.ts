// Provisioning profiles that lie in the project, by the targets they are for.
import { lookup, stringsOf } from '../../plist/value.ts';
import type { PlistValue } from '../../plist/value.ts';
import type { Configuration } from '../model.ts';
import type { ProfileUse } from '../profileUse.ts';
import type { ProjectContext } from './context.ts';

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
