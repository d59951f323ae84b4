import type { LogRule } from '../rule.ts';

const line = /Signature check failed: code failed to satisfy specified code requirement/;

export const LOG015: LogRule = {
  id: 'LOG015',
  severity: 'error',
  title: 'The plug-in of an app extension fails its check',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The system refused the provider as a plug-in: an app extension with a -systemextension value, one that is signed with a Developer ID, or a stale copy of the same bundle id elsewhere.',
    evidence: 'Developer forums, threads 820618 and 805996.',
    fix: 'Outside the App Store package the provider as a system extension; in an app extension use the plain value (X010). Look for other copies: mdfind "kMDItemCFBundleIdentifier == \'…\'".',
    bad: 'Signature check failed: code failed to satisfy specified code requirement(s)',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'The system refused the provider as a plug-in: an app extension with a -systemextension value, one that is signed with a Developer ID, or a stale copy of the same bundle id elsewhere.',
      next: [
        'Outside the App Store package the provider as a system extension; in an app extension use the plain value (X010).',
        'Look for other copies: mdfind "kMDItemCFBundleIdentifier == \'…\'".',
      ],
      causes: ['X010'],
    };
  },
};
