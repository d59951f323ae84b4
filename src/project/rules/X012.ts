import type { Configuration } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { plainValue, systemExtensionSuffix } from './keys.ts';
import { valueFix } from './providerValues.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X012: ProjectRule = {
  id: 'X012',
  severity: 'warning',
  title: 'Automatic development signing with a -systemextension value',
  doc: {
    what: 'A configuration that Xcode signs automatically for development claims a provider value that ends in -systemextension. A hint where the configuration is a Debug one.',
    why: 'Development profiles allow only the plain values, so Xcode finds no profile that fits.',
    evidence: 'Developer forums, thread 737894.',
    fix: 'Use the plain value in configurations that are signed for development.',
    bad: 'Automatic, Apple Development: app-proxy-provider-systemextension',
    good: 'Automatic, Apple Development: app-proxy-provider',
  },
  *check(c): Generator<ProjectReport> {
    const targets = new Set([...c.sysexes, ...c.pairs.map((p) => p.app)]);
    for (const target of targets)
      for (const configuration of target.configurations) {
        if (!isAutomatic(c)(configuration)) continue;
        // An archive is signed anew when it is exported.
        const severity = configuration.kind === 'debug' ? 'hint' : 'warning';
        for (const value of c.providerValues(configuration))
          if (value.complete && value.text.endsWith(systemExtensionSuffix))
            yield {
              ...value.location,
              severity,
              message: `${configuration.name} of ${target.name} is signed for development, whose profiles allow only ${plainValue(value.text)}.`,
              fixes: valueFix(c, target, isAutomatic(c), value.text, plainValue(value.text)),
            };
      }
  },
};

const isAutomatic =
  (c: ProjectContext) =>
  (k: Configuration): boolean =>
    k.settings.value('CODE_SIGN_STYLE') === 'Automatic' &&
    k.settings.flag('CODE_SIGNING_ALLOWED') !== false &&
    c.signing(k) === 'development';
