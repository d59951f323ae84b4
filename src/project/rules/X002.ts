import { addGroupFix, firstLine } from './fixes.ts';
import { networkExtensionKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X002: ProjectRule = {
  id: 'X002',
  severity: 'error',
  title: 'The Network Extension entitlement is missing on one side',
  doc: {
    what: 'The container app or the system extension does not claim com.apple.developer.networking.networkextension.',
    why: 'The app needs it to save and start a configuration, the extension to be one. Both must have it.',
    evidence: 'Developer forums, thread 737894.',
    fix: 'Claim it on both sides with the same value.',
    bad: 'app.entitlements without the key',
    good: 'the same array in both files',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs)
      for (const [target, configuration, other] of [
        [app, appConfiguration, sysexConfiguration],
        [sysex, sysexConfiguration, appConfiguration],
      ] as const) {
        const use = configuration.entitlements;
        if (!c.knows(use) || !use.part || c.entitlement(configuration, networkExtensionKey)) continue;
        const values = c.providerValues(other).map((v) => v.raw);
        if (c.mentionedInScripts(/com\.apple\.developer\.networking\.networkextension/)) continue;
        yield {
          file: use.part.file,
          range: firstLine(use.part.text, use.part.root),
          message: `${target.name} does not claim ${networkExtensionKey}.`,
          fixes: addGroupFix(`Add ${networkExtensionKey}`, use, networkExtensionKey, values),
        };
      }
  },
};
