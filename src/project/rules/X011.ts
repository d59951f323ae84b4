import type { Fix } from '../../entitlements/finding.ts';
import type { Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { stringsOf } from '../../plist/value.ts';
import { setStringFix } from './fixes.ts';
import { networkExtensionKey, systemExtensionSuffix } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X011: ProjectRule = {
  id: 'X011',
  severity: 'error',
  title: 'Developer ID with a plain provider value',
  doc: {
    what: 'A configuration that is signed with a Developer ID claims a provider value without -systemextension, on the extension or its app.',
    why: 'Developer ID profiles allow only the values that end in -systemextension; development and App Store profiles only the plain ones. Signing fails or the process is killed at start.',
    evidence: 'Developer forums, thread 737894.',
    fix: 'Use the value with the suffix in that configuration, for example by a build variable.',
    bad: 'Release, Developer ID Application: app-proxy-provider',
    good: 'Release, Developer ID Application: app-proxy-provider-systemextension',
  },
  *check(c): Generator<ProjectReport> {
    const targets = new Set([...c.sysexes, ...c.pairs.map((p) => p.app)]);
    for (const target of targets)
      for (const configuration of target.configurations) {
        if (c.signing(configuration) !== 'developer-id') continue;
        for (const value of c.providerValues(configuration)) {
          if (!value.complete || value.text.endsWith(systemExtensionSuffix) || !suffixed.has(value.text)) continue;
          yield {
            ...value.location,
            message: `${configuration.name} of ${target.name} is signed with a Developer ID, which allows only ${value.text}${systemExtensionSuffix}.`,
            fixes: suffixFix(c, target, value.text),
          };
        }
      }
  },
};

const suffixed: ReadonlySet<string> = new Set([
  'app-proxy-provider',
  'content-filter-provider',
  'packet-tunnel-provider',
  'dns-proxy',
]);

/** On the extensions and their apps at once; not where a configuration of another signing shares a file. */
function suffixFix(c: ProjectContext, target: Target, value: string): readonly Fix[] {
  const linked = c.pairs.filter((p) => p.app === target || p.sysex === target).flatMap((p) => [p.app, p.sysex]);
  const configurations = [...new Set([target, ...linked])].flatMap((t) => t.configurations);
  const signed = new Set(configurations.filter((k) => c.signing(k) === 'developer-id').map((k) => k.entitlements.path));
  if (configurations.some((k) => c.signing(k) !== 'developer-id' && signed.has(k.entitlements.path))) return [];
  const uses = new Map(
    configurations.filter((k) => signed.has(k.entitlements.path)).map((k) => [k.entitlements.path, k]),
  );
  const to = value + systemExtensionSuffix;
  const edits = [...uses.values()]
    .flatMap((k) =>
      stringsOf(c.entitlement(k, networkExtensionKey)?.value)
        .filter((s) => s.value === value)
        .flatMap((s) => setStringFix('', k.entitlements, s, to)),
    )
    .flatMap((f) => f.edits);
  return edits.length > 0 ? [{ title: `Change to ${to}`, edits, preferred: true }] : [];
}
