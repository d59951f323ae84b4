import type { LogRule } from '../rule.ts';

const line = /code signing entitlements that (?:aren|are n)['’o]t supported on macOS/;

export const LOG028: LogRule = {
  id: 'LOG028',
  severity: 'error',
  title: 'The store does not support the app group',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The store refuses an entitlement of the signature; with application-groups named it is a group in a style that the profile does not authorise.',
    evidence: 'Developer forums, thread 775022.',
    fix: 'Begin the group with group. and register it, or with the Team ID (ENT015). Make the profile anew so that it lists the group (X015).',
    bad: "Your application bundle's signature contains code signing entitlements that aren't supported on macOS. Specifically, value for key com.apple.security.application-groups …",
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'The store refuses an entitlement of the signature; with application-groups named it is a group in a style that the profile does not authorise.',
      next: [
        'Begin the group with group. and register it, or with the Team ID (ENT015).',
        'Make the profile anew so that it lists the group (X015).',
      ],
      causes: ['ENT015', 'X015'],
    };
  },
};
