import { entriesOf, entry } from '../../plist/value.ts';
import { restrictedClaims } from './profiles.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X013: ProjectRule = {
  id: 'X013',
  severity: 'error',
  title: 'A restricted entitlement that the profile does not allow',
  doc: {
    what: 'The entitlements of a target for macOS claim a restricted key that the provisioning profile of the project for this target does not list.',
    why: 'AMFI kills the process at start: "Code has restricted entitlements, but the validation of its code signature failed. Unsatisfied Entitlements: …".',
    evidence: 'Ten public reports of this message; TN3125.',
    fix: 'Add the capability to the App ID and make the profile anew, or remove the key.',
    bad: 'claimed: com.apple.developer.system-extension.install; profile: without',
    good: 'each claimed key is in the profile',
  },
  *check(c): Generator<ProjectReport> {
    for (const { file, claim, profiles, profileName } of restrictedClaims(c)) {
      if (injected.has(claim.key) || profiles.some((p) => entry(p.entitlements, claim.key))) continue;
      const allowed = entriesOf(profiles[0]?.entitlements).map((a) => a.key);
      yield {
        file,
        range: claim.keyRange,
        message: `The profile ${profileName} does not allow ${claim.key}. It allows: ${allowed.join(', ')}.`,
      };
    }
  },
};

/** Written by Xcode, under this or the other platform's name. */
const injected: ReadonlySet<string> = new Set([
  'application-identifier',
  'com.apple.application-identifier',
  'com.apple.developer.team-identifier',
]);
