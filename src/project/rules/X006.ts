import { addEntryFix, editable, firstLine, fixIn } from './fixes.ts';
import { installKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X006: ProjectRule = {
  id: 'X006',
  severity: 'error',
  title: 'The app lacks the right to install its system extension',
  doc: {
    what: 'The container app does not claim com.apple.developer.system-extension.install.',
    why: 'OSSystemExtensionRequest fails with OSSystemExtensionErrorDomain 2 (missing entitlement).',
    evidence: "The system's error code; every public container app has it.",
    fix: "Add the key to the app's entitlements.",
    bad: 'app.entitlements without com.apple.developer.system-extension.install',
    good: '<key>com.apple.developer.system-extension.install</key>\n<true/>',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, appConfiguration, sysex } of c.configurationPairs) {
      const use = appConfiguration.entitlements;
      if (!c.knows(use) || !use.part) continue;
      const e = c.entitlement(appConfiguration, installKey);
      if (e && !(e.value?.kind === 'boolean' && !e.value.value)) continue;
      if (c.mentionedInScripts(/system-extension\.install/)) continue;
      const doc = editable(use);
      yield {
        file: use.part.file,
        range: e?.keyRange ?? firstLine(use.part.text, use.part.root),
        message: `${app.name} cannot install ${sysex.name}: it does not claim ${installKey}.`,
        fixes: e?.value
          ? doc
            ? [fixIn(`Set ${installKey}`, doc.file, [{ ...e.value.range, text: '<true/>' }])]
            : []
          : addEntryFix(`Add ${installKey}`, use, installKey, true),
      };
    }
  },
};
