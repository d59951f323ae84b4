import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X024: ProjectRule = {
  id: 'X024',
  severity: 'error',
  title: 'providerBundleIdentifier is not the id of a provider of the project',
  doc: {
    what: 'Code sets providerBundleIdentifier to a text that is the bundle id of none of the project’s providers.',
    why: 'The configuration is saved and never starts: NEVPNConnectionErrorDomain 14 (plug-in not found).',
    evidence: "Apple's documentation of NETunnelProviderProtocol.",
    fix: 'Use the id of the extension.',
    bad: 'providerBundleIdentifier = "com.example.app.tunel"',
    good: 'providerBundleIdentifier = "com.example.app.tunnel"',
  },
  *check(c): Generator<ProjectReport> {
    const providers = c.relatedTargets.filter(
      (t) => t.productType === 'system-extension' || t.productType === 'app-extension',
    );
    const ids = providers.flatMap((t) => t.configurations.map((k) => c.bundleId(k)));
    if (ids.length === 0 || ids.some((id) => !id?.complete || id.text === '')) return;
    for (const app of c.relatedTargets) {
      if (app.productType !== 'application') continue;
      for (const { file, facts } of c.facts(app))
        for (const name of facts.providerIds) {
          const id = c.nameOf(app, file, name);
          // A text without a dot is a key or a name, not an id.
          if (id === undefined || !id.includes('.') || ids.some((known) => known?.text === id)) continue;
          const own = c.pairs
            .filter((p) => p.app === app)
            .flatMap((p) => p.sysex.configurations.map((k) => c.bundleId(k)?.text));
          const [right] = own;
          const text = c.model.cache.text(file)?.slice(name.start, name.end) ?? '';
          yield {
            file,
            range: name,
            message: `No provider of the project has the bundle id “${id}”.`,
            fixes:
              right !== undefined && new Set(own).size === 1 && name.literal !== undefined
                ? [
                    fixIn(`Change to ${right}`, file, [
                      { start: name.start, end: name.end, text: text.replace(id, right) },
                    ]),
                  ]
                : [],
          };
        }
    }
  },
};
