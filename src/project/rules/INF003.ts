import { entriesOf, entry, lookup } from '../../plist/value.ts';
import { editable, fixIn } from './fixes.ts';
import { providerPoints } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF003: ProjectRule = {
  id: 'INF003',
  severity: 'error',
  title: 'Unknown provider kind in NEProviderClasses',
  doc: {
    what: 'A key of NEProviderClasses is none of app-proxy, filter-data, filter-packet, packet-tunnel and dns-proxy (each below com.apple.networkextension.).',
    why: 'The system asks for the class by one of these keys; another is never asked for. A transparent proxy is an app-proxy.',
    evidence: "Apple's documentation of NEProviderClasses.",
    fix: 'Use the right key.',
    bad: '<key>com.apple.networkextension.transparent-proxy</key>',
    good: '<key>com.apple.networkextension.app-proxy</key>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const { info } of sysex.configurations) {
        const classes = lookup(info.part?.root, 'NetworkExtension', 'NEProviderClasses');
        for (const e of entriesOf(classes)) {
          if (providerPoints.has(e.key) || e.key.includes('$') || !info.part) continue;
          const right = meant(e.key);
          const doc = editable(info);
          yield {
            file: info.part.file,
            range: e.keyRange,
            message: `“${e.key}” is no provider kind.${right ? ` Meant is “${right}”.` : ''}`,
            fixes:
              right && doc && !entry(classes, right)
                ? [fixIn(`Change to ${right}`, doc.file, [{ ...e.keyRange, text: right }])]
                : [],
          };
        }
      }
  },
};

function meant(key: string): string | undefined {
  const word = key.slice(key.lastIndexOf('.') + 1).toLowerCase();
  if (/proxy/.test(word) && /dns/.test(word)) return 'com.apple.networkextension.dns-proxy';
  if (/proxy/.test(word)) return 'com.apple.networkextension.app-proxy';
  if (/tunnel/.test(word)) return 'com.apple.networkextension.packet-tunnel';
  if (/packet/.test(word)) return 'com.apple.networkextension.filter-packet';
  return /filter/.test(word) ? 'com.apple.networkextension.filter-data' : undefined;
}
