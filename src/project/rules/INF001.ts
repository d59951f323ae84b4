import { entry } from '../../plist/value.ts';
import type { Plain } from '../../plist/xmlEdit.ts';
import { extension } from '../files.ts';
import type { Configuration, Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { addEntryFix, firstLine } from './fixes.ts';
import { plainValue, providerPoints } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF001: ProjectRule = {
  id: 'INF001',
  severity: 'error',
  title: 'A network system extension without a NetworkExtension dictionary',
  doc: {
    what: 'The Info.plist of a system extension that claims Network Extension has no NetworkExtension dictionary.',
    why: 'The system reads from it which provider classes the extension has and on which name it listens. Without it the extension cannot be categorised and its activation fails (OSSystemExtensionErrorDomain 7).',
    evidence: "Apple's documentation of startSystemExtensionMode(); the SimpleFirewall sample.",
    fix: 'Add the dictionary with NEProviderClasses, and NEMachServiceName where the extension listens.',
    bad: '<key>CFBundlePackageType</key>\n<string>SYSX</string>',
    good: '<key>NetworkExtension</key>\n<dict>\n\t<key>NEProviderClasses</key>\n\t<dict>\n\t\t<key>com.apple.networkextension.app-proxy</key>\n\t\t<string>$(PRODUCT_MODULE_NAME).Provider</string>\n\t</dict>\n</dict>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const { info } = configuration;
        if (!c.knowsInfo(configuration) || !info.part || entry(info.part.root, 'NetworkExtension')) continue;
        // What Xcode generates has no such dictionary; what a script adds cannot be seen.
        if (c.mentionedInScripts(/NEProviderClasses|NEMachServiceName/)) continue;
        yield {
          file: info.part.file,
          range: firstLine(info.part.text, info.part.root),
          message: `${sysex.name} is a network system extension, but its Info.plist has no NetworkExtension dictionary.`,
          fixes: addEntryFix(
            'Add a NetworkExtension dictionary',
            info,
            'NetworkExtension',
            networkTemplate(c, sysex, configuration),
          ),
        };
      }
  },
};

/** As much as the project tells: its provider class, and its group's name. */
export function networkTemplate(
  c: ProjectContext,
  sysex: Target,
  configuration: Configuration,
): Readonly<Record<string, Plain>> {
  const values = c.providerValues(configuration).map((v) => plainValue(v.text));
  const point =
    [...providerPoints].find(([, value]) => values.includes(value))?.[0] ?? 'com.apple.networkextension.app-proxy';
  const provider = c
    .facts(sysex)
    .flatMap((f) => f.facts.classes.map((k) => ({ ...k, file: f.file })))
    .find((k) => /^NE\w+Provider$/.test(k.superclass));
  const name = provider?.name ?? 'Provider';
  const swift = provider ? extension(provider.file) === 'swift' : true;
  const group = c.groups(configuration)[0];
  return {
    ...(group ? { NEMachServiceName: `${group.raw}.xpc` } : {}),
    NEProviderClasses: { [point]: swift ? `$(PRODUCT_MODULE_NAME).${name}` : name },
  };
}
