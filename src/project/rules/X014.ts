import { entry, stringsOf } from '../../plist/value.ts';
import { allows, restrictedClaims } from './profiles.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X014: ProjectRule = {
  id: 'X014',
  severity: 'error',
  title: 'A value that the profile does not allow',
  doc: {
    what: 'A value of a restricted key is not in the list of the profile, whose entries may end in *. Targets for macOS; not the environment of push notifications, which the export decides.',
    why: 'The values count as well as the keys: one more than the profile allows, and the process is killed at start.',
    evidence: "Bazel's rules_apple compares exactly so; TN3125.",
    fix: 'Make the profile with the capability that allows the value, or claim what it allows.',
    bad: 'claimed: dns-proxy; profile: app-proxy-provider',
    good: 'claimed: app-proxy-provider; profile: app-proxy-provider',
  },
  *check(c): Generator<ProjectReport> {
    for (const { configuration, claim, profiles, profileName } of restrictedClaims(c)) {
      // Which of its two values is signed is decided by the export.
      if (claim.key.endsWith('aps-environment')) continue;
      const lists = profiles.map((p) => entry(p.entitlements, claim.key)?.value).filter((v) => v !== undefined);
      if (lists.length === 0 || lists.some((v) => v.kind !== 'array' && v.kind !== 'string')) continue;
      const allowed = stringsOf(lists[0]).map((s) => s.value);
      for (const value of c.strings(configuration, configuration.entitlements, claim.value))
        if (value.complete && !lists.some((list) => allows(list, value.text)))
          yield {
            ...value.location,
            message: `The profile ${profileName} does not allow “${value.text}”. It allows: ${allowed.join(', ')}.`,
          };
    }
  },
};
