import { entriesOf, lookup } from '../../plist/value.ts';
import { addGroupFix } from './fixes.ts';
import { networkExtensionKey, plainValue, providerPoints, systemExtensionSuffix } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X003: ProjectRule = {
  id: 'X003',
  severity: 'error',
  title: 'A provider class without its entitlement value',
  doc: {
    what: 'NEProviderClasses has a kind whose value is not in com.apple.developer.networking.networkextension (filter-data and filter-packet need content-filter-provider, app-proxy needs app-proxy-provider, …).',
    why: 'The system starts a provider only in a process that claims its kind.',
    evidence: 'Developer forums, thread 737894.',
    fix: 'Add the value on the extension and on the app, or remove the class.',
    bad: 'class for com.apple.networkextension.dns-proxy, value app-proxy-provider',
    good: 'class for com.apple.networkextension.dns-proxy, value dns-proxy',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const values = c.providerValues(configuration);
        const use = configuration.entitlements;
        if (!c.entitlement(configuration, networkExtensionKey) || values.some((v) => !v.complete)) continue;
        const suffix =
          values.length > 0 && values.every((v) => v.text.endsWith(systemExtensionSuffix)) ? systemExtensionSuffix : '';
        for (const e of entriesOf(lookup(configuration.info.part?.root, 'NetworkExtension', 'NEProviderClasses'))) {
          const needed = providerPoints.get(e.key);
          if (!needed || values.some((v) => plainValue(v.text) === needed)) continue;
          yield {
            file: configuration.info.part?.file ?? '',
            range: e.keyRange,
            message: `${sysex.name} does not claim ${needed}${suffix}, which a provider of this kind needs.`,
            fixes: addGroupFix(
              `Add ${needed}${suffix} to the entitlements of ${sysex.name}`,
              use,
              networkExtensionKey,
              [needed + suffix],
            ),
          };
        }
      }
  },
};
