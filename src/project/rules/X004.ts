import { addEntryFix, editable, firstLine, fixIn } from './fixes.ts';
import { sandboxKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X004: ProjectRule = {
  id: 'X004',
  severity: 'warning',
  title: 'A network system extension without sandbox',
  doc: {
    what: 'Neither the entitlements nor the build setting ENABLE_APP_SANDBOX turn the App Sandbox on for a network system extension.',
    why: 'Apple says that it must be sandboxed. The system does not enforce it at load, and five of eleven public products ship without; the extension runs as root and reads hostile bytes, so the sandbox is worth having.',
    evidence: 'Developer forums, thread 816702, against eleven public projects.',
    fix: 'Add com.apple.security.app-sandbox, with the resources that the extension uses.',
    bad: '<dict>… no com.apple.security.app-sandbox …</dict>',
    good: '<key>com.apple.security.app-sandbox</key>\n<true/>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const use = configuration.entitlements;
        if (c.sandboxed(configuration) !== false || !use.part) continue;
        const e = c.entitlement(configuration, sandboxKey);
        const doc = editable(use);
        const title = 'Turn the App Sandbox on';
        const fixes = e?.value
          ? doc
            ? [fixIn(title, doc.file, [{ ...e.value.range, text: '<true/>' }])]
            : []
          : configuration.settings.flag('ENABLE_APP_SANDBOX') === false
            ? []
            : addEntryFix(title, use, sandboxKey, true);
        yield {
          file: use.part.file,
          range: e?.keyRange ?? firstLine(use.part.text, use.part.root),
          message: `${sysex.name} is not sandboxed; Apple asks it of network system extensions.`,
          fixes,
        };
      }
  },
};
