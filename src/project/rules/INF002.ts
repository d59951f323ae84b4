import { entry } from '../../plist/value.ts';
import { addEntryFix } from './fixes.ts';
import { plainValue, providerPoints } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF002: ProjectRule = {
  id: 'INF002',
  severity: 'error',
  title: 'NEProviderClasses is missing or empty',
  doc: {
    what: 'The NetworkExtension dictionary of a system extension names no provider class.',
    why: 'The system looks the class up in this map when it starts a provider. The container app may carry a NetworkExtension dictionary of its own, which needs no map.',
    evidence: "Apple's SimpleFirewall sample; every public system extension has the map.",
    fix: 'Map each provider kind to its class.',
    bad: '<key>NetworkExtension</key>\n<dict/>',
    good: '<key>NEProviderClasses</key>\n<dict>\n\t<key>com.apple.networkextension.filter-data</key>\n\t<string>$(PRODUCT_MODULE_NAME).FilterDataProvider</string>\n</dict>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const { info } = configuration;
        const dict = entry(info.part?.root, 'NetworkExtension');
        if (!c.knowsInfo(configuration) || !info.part || dict?.value?.kind !== 'dict') continue;
        const classes = entry(dict.value, 'NEProviderClasses');
        if (classes?.value && (classes.value.kind !== 'dict' || classes.value.entries.length > 0)) continue;
        const values = c.providerValues(configuration).map((v) => plainValue(v.text));
        const point = [...providerPoints].find(([, value]) => values.includes(value))?.[0];
        const fixes =
          point && !classes
            ? addEntryFix(
                'Add NEProviderClasses',
                info,
                'NEProviderClasses',
                { [point]: '$(PRODUCT_MODULE_NAME).Provider' },
                dict.value,
              )
            : [];
        yield {
          file: info.part.file,
          range: (classes ?? dict).keyRange,
          message: classes
            ? 'NEProviderClasses is empty: the system finds no provider to start.'
            : 'NEProviderClasses is missing: the system finds no provider to start.',
          fixes,
        };
      }
  },
};
