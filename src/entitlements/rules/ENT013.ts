import { removeRange, replaceString } from '../../plist/xmlEdit.ts';
import type { Report, Rule } from './rule.ts';
import { fix, networkExtensionKey, stringsUnder, placeOf } from './support.ts';

const suffix = '-systemextension';

export const ENT013: Rule = {
  id: 'ENT013',
  severity: 'warning',
  title: 'Both forms of a provider value',
  doc: {
    what: 'The list of Network Extension values holds a plain value and the same with -systemextension.',
    why: 'One build uses one of them: the plain value for development and the App Store, the other for Developer ID. A profile lists one kind, so one of the two claims is not covered.',
    evidence: 'Developer forums, thread 737894.',
    fix: 'Keep the one that this build needs, or write $(NE_SUFFIX) behind the plain value and set NE_SUFFIX per configuration: empty in Debug, -systemextension in Release.',
    bad: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider</string>\n\t<string>app-proxy-provider-systemextension</string>\n</array>',
    good: '<key>com.apple.developer.networking.networkextension</key>\n<array>\n\t<string>app-proxy-provider$(NE_SUFFIX)</string>\n</array>',
  },
  given: { text: 'a file that Xcode expands', processedBy: 'xcode' },
  *check(c): Generator<Report> {
    const items = stringsUnder(c, networkExtensionKey);
    const pairs = items.flatMap((long) => {
      const plain = long.value.endsWith(suffix)
        ? items.find((item) => item.value === long.value.slice(0, -suffix.length))
        : undefined;
      return plain ? [{ plain, long }] : [];
    });
    const first = pairs[0];
    if (!first) return;
    const without = (which: 'plain' | 'long') => pairs.map((pair) => removeRange(c.text, pair[which].range));
    const split = pairs.flatMap(({ plain, long }) => [
      replaceString(c.document, plain, `${plain.value}$(NE_SUFFIX)`),
      removeRange(c.text, long.range),
    ]);
    const expands = c.processedBy === 'xcode';
    yield {
      range: placeOf(first.long),
      message: `${pairs.map((p) => p.plain.value).join(', ')} stands here plain and with ${suffix}: one build uses one of them.`,
      fixes: [
        ...(expands ? [fix(c, 'Write it once with $(NE_SUFFIX), to be set per configuration', split)] : []),
        fix(c, 'Keep the plain value (development, App Store)', without('long'), false),
        fix(c, `Keep ${suffix} (Developer ID)`, without('plain'), !expands),
      ],
    };
  },
};
