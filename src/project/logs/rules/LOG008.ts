import type { LogRule } from '../rule.ts';

const line = /taskgated(?:-helper)?.*no eligible provisioning profiles? found/;

export const LOG008: LogRule = {
  id: 'LOG008',
  severity: 'error',
  title: 'No profile for a restricted entitlement',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The code claims a restricted entitlement, and no embedded profile allows it.',
    evidence: 'Ten public reports.',
    fix: 'Embed a provisioning profile of this bundle id and team (X013, X016). Remove restricted keys that are not needed.',
    bad: 'taskgated-helper: [com.apple.ManagedClient:ProvisioningProfiles] Disallowing com.example.app because no eligible provisioning profiles found',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning: 'The code claims a restricted entitlement, and no embedded profile allows it.',
      next: [
        'Embed a provisioning profile of this bundle id and team (X013, X016).',
        'Remove restricted keys that are not needed.',
      ],
      causes: ['X016', 'X013', 'X014', 'X020'],
    };
  },
};
