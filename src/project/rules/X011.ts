import type { Configuration } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { systemExtensionSuffix } from './keys.ts';
import { valueFix } from './providerValues.ts';
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
            fixes: valueFix(c, target, isDeveloperId(c), value.text, value.text + systemExtensionSuffix),
          };
        }
      }
  },
};

const isDeveloperId =
  (c: ProjectContext) =>
  (k: Configuration): boolean =>
    c.signing(k) === 'developer-id';

const suffixed: ReadonlySet<string> = new Set([
  'app-proxy-provider',
  'content-filter-provider',
  'packet-tunnel-provider',
  'dns-proxy',
]);
