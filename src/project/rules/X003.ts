import type { Fix } from '../../entitlements/finding.ts';
import type { Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
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
            fixes: addEverywhere(c, sysex, needed + suffix),
          };
        }
      }
  },
};

/** On the extension and on the apps that carry it, in every configuration. */
function addEverywhere(c: ProjectContext, sysex: Target, value: string): readonly Fix[] {
  const targets = [sysex, ...c.pairs.filter((p) => p.sysex === sysex).map((p) => p.app)];
  const uses = new Map(targets.flatMap((t) => t.configurations.map((k) => [k.entitlements.path, k] as const)));
  const edits = [...uses.values()]
    .filter((k) => !c.providerValues(k).some((v) => v.text === value))
    .flatMap((k) => addGroupFix('', k.entitlements, networkExtensionKey, [value]))
    .flatMap((f) => f.edits);
  return edits.length > 0 ? [{ title: `Claim ${value}`, edits, preferred: true }] : [];
}
