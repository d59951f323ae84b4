import { removeRange } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { findEntry, fix, networkExtensionKey, stringsUnder } from './support.ts';

/** The value that each kind of class in NEProviderClasses, or extension point, needs. */
const valueOfPoint: Readonly<Record<string, string>> = {
  'com.apple.networkextension.app-proxy': 'app-proxy-provider',
  'com.apple.networkextension.filter-data': 'content-filter-provider',
  'com.apple.networkextension.filter-packet': 'content-filter-provider',
  'com.apple.networkextension.filter-control': 'content-filter-provider',
  'com.apple.networkextension.packet-tunnel': 'packet-tunnel-provider',
  'com.apple.networkextension.dns-proxy': 'dns-proxy',
};
const kindOf = (value: string): string => value.replace(/(-systemextension|\$[({].*)$/, '');

export const ENT014: Rule = {
  id: 'ENT014',
  severity: 'hint',
  title: 'More kinds of provider than a product has',
  doc: {
    what: 'The list of Network Extension values has more than three kinds.',
    why: 'Each must be in the profile, and each is a question at review. Files that list all of them claim what no code uses.',
    evidence: 'Three of 68 public files; all three claimed more than their code had.',
    fix: 'Keep the values for which NEProviderClasses has a class.',
    bad: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider</string>\n\t<string>content-filter-provider</string>\n\t<string>dns-proxy</string>\n\t<string>packet-tunnel-provider</string>\n</array>',
    good: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider</string>\n</array>',
  },
  *check(c): Generator<Report> {
    const entry = findEntry(c, networkExtensionKey);
    const items = stringsUnder(c, networkExtensionKey);
    const kinds = new Set(items.map((item) => kindOf(item.value)));
    if (!entry || kinds.size <= 3) return;
    const points = c.project?.providerPoints(c.file);
    const used = new Set(points?.map((point) => valueOfPoint[point]).filter((v) => v !== undefined));
    const idle = items.filter((item) => !used.has(kindOf(item.value)));
    const enough = used.size > 0 && kinds.size - new Set(idle.map((i) => kindOf(i.value))).size <= 3;
    const fixes =
      enough && idle.length < items.length
        ? [
            fix(
              c,
              'Keep the values that have a class',
              idle.map((item) => removeRange(c.text, item.range)),
            ),
          ]
        : [];
    yield { range: entry.keyRange, message: `${kinds.size} kinds of provider are claimed.`, fixes };
  },
};
