import { stringsOf } from '../../plist/value.ts';
import { setStringFix } from './fixes.ts';
import { networkExtensionKey, plainValue, systemExtensionSuffix } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X010: ProjectRule = {
  id: 'X010',
  severity: 'error',
  title: 'A -systemextension value, or Developer ID, on an app extension',
  doc: {
    what: 'An app extension claims a provider value that ends in -systemextension, or a provider app extension is signed with a Developer ID.',
    why: 'Those values are for system extensions. Outside the App Store a provider must be packaged as a system extension; as an app extension its plug-in fails to load ("Signature check failed").',
    evidence: 'Developer forums, thread 820618.',
    fix: 'Package the provider as a system extension, or use the plain value and the App Store.',
    bad: 'app extension: packet-tunnel-provider-systemextension',
    good: 'app extension: packet-tunnel-provider',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of c.targets) {
      if (target.productType !== 'app-extension') continue;
      for (const configuration of target.configurations) {
        const e = c.entitlement(configuration, networkExtensionKey);
        const use = configuration.entitlements;
        if (!e || !use.part || !c.isProviderAppex(target)) continue;
        const shared = c.targets.some(
          (t) => t.productType === 'system-extension' && t.configurations.some((k) => k.entitlements.path === use.path),
        );
        for (const value of c.strings(configuration, use, e.value)) {
          if (!value.complete || !value.text.endsWith(systemExtensionSuffix) || shared) continue;
          const item = stringsOf(e.value).find((s) => s.range.start === value.location.range.start);
          yield {
            ...value.location,
            message: `${target.name} is an app extension; ${value.text} is for system extensions.`,
            fixes:
              value.raw === value.text
                ? setStringFix(`Change to ${plainValue(value.text)}`, use, item, plainValue(value.text))
                : [],
          };
        }
        if (target.platform === 'macos' && c.signing(configuration) === 'developer-id')
          yield {
            file: use.part.file,
            range: e.keyRange,
            message: `${target.name} is signed with a Developer ID: outside the App Store a provider must be a system extension.`,
          };
      }
    }
  },
};
