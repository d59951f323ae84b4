import type { Fix } from '../../entitlements/finding.ts';
import type { PlistEntry } from '../../plist/value.ts';
import { insertItems, replaceValue } from '../../plist/xmlEdit.ts';
import type { PlistText, PlistUse } from '../model.ts';
import { editable, fixIn } from './fixes.ts';
import { networkExtensionKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X001: ProjectRule = {
  id: 'X001',
  severity: 'error',
  title: 'App and system extension claim different provider values',
  doc: {
    what: "The values of com.apple.developer.networking.networkextension differ between the container app and its system extension in one configuration. With several extensions the app claims at least each one's.",
    why: 'Both are signed with profiles of the same capability; the app configures exactly the provider that the extension is. A value on one side only is refused at signing or at start.',
    evidence: 'Developer forums, threads 737894 and 22943.',
    fix: 'Claim the same values on both sides, with $(…) for the part that changes per configuration.',
    bad: 'app: packet-tunnel-provider-systemextension; extension: app-proxy-provider-systemextension',
    good: 'both: app-proxy-provider-systemextension',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs) {
      const own = c.providerValues(sysexConfiguration);
      const others = c.providerValues(appConfiguration);
      const e = c.entitlement(appConfiguration, networkExtensionKey);
      if (own.length === 0 || others.length === 0 || !e || !appConfiguration.entitlements.part) continue;
      // An app without one of them is X001's; one with more may carry other extensions.
      const missing = own.filter((v) => !others.some((o) => o.text === v.text));
      if (missing.length === 0 || [...own, ...others].some((v) => !v.complete)) continue;
      yield {
        file: appConfiguration.entitlements.part.file,
        range: e.range,
        message: `${app.name} does not claim ${missing.map((v) => v.text).join(', ')}, which ${sysex.name} is.`,
        related: missing.map((v) => ({ ...v.location, message: `Claimed by ${sysex.name}.` })),
        fixes: copyValues(appConfiguration.entitlements, e, own, c.pairs.filter((p) => p.app === app).length > 1),
      };
    }
  },
};

/** The extension's values instead of the app's, or beside them where the app carries other extensions. */
function copyValues(use: PlistUse, e: PlistEntry, values: readonly PlistText[], keep: boolean): readonly Fix[] {
  const doc = editable(use);
  if (!doc || e.value?.kind !== 'array') return [];
  const raw = values.map((v) => v.raw);
  if (keep) return [fixIn('Add the values of the extension', doc.file, [insertItems(doc.document, e.value, raw)])];
  return [fixIn("Copy the extension's values", doc.file, [replaceValue(doc.document, e.value, raw)])];
}
