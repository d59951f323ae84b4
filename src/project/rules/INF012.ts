import type { Fix } from '../../entitlements/finding.ts';
import type { PlistText } from '../model.ts';
import { collectOccurrences } from '../occurrences.ts';
import type { ProjectContext } from './context.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF012: ProjectRule = {
  id: 'INF012',
  severity: 'error',
  title: "The system extension's bundle id is not below the app's",
  doc: {
    what: "The bundle id of the system extension does not begin with the container app's and a dot. Ids that share at least three components (com.example.product.app and com.example.product.extension) are not reported: such products ship.",
    why: 'Tools that sign and validate bundles ask that embedded code is named below its container; an unrelated id also needs a profile of its own family.',
    evidence:
      "Bazel's rules_apple checks it for every embedded bundle. LuLu, DNSMonitor and sing-box ship sibling ids.",
    fix: "Rename the extension below the app's id, in the project, the profile and the code that activates it.",
    bad: 'app com.example.app, extension org.other.extension',
    good: 'app com.example.app, extension com.example.app.extension',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs) {
      const own = c.bundleId(sysexConfiguration);
      const parent = c.bundleId(appConfiguration);
      if (!own?.complete || !parent?.complete || own.text === '' || parent.text === '') continue;
      if (own.text.startsWith(`${parent.text}.`) || shared(own.text, parent.text) >= 3) continue;
      // The same product of another channel may embed it: one fitting app is enough.
      if (
        c.pairs.some(
          (p) =>
            p.sysex === sysex &&
            p.app !== app &&
            p.app.configurations.some((k) => own.text.startsWith(`${c.bundleId(k)?.text}.`)),
        )
      )
        continue;
      yield {
        ...own.location,
        message: `“${own.text}” is not below the id of ${app.name} (“${parent.text}”).`,
        related: [{ ...parent.location, message: `The id of ${app.name}.` }],
        fixes: renameFix(c, own, `${parent.text}.${own.text.slice(own.text.lastIndexOf('.') + 1)}`),
      };
    }
  },
};

function shared(a: string, b: string): number {
  const [x, y] = [a.split('.'), b.split('.')];
  let n = 0;
  while (n < x.length && n < y.length && x[n] === y[n]) n++;
  return n;
}

/** In the project and in code; what has variables in it may be meant for other configurations too. */
function renameFix(c: ProjectContext, own: PlistText, to: string): readonly Fix[] {
  if (own.raw !== own.text) return [];
  const found = collectOccurrences(c.model).filter((o) => o.kind === 'bundle-id' && o.name === own.raw);
  return found.length === 0
    ? []
    : [
        {
          title: `Rename to ${to}`,
          edits: found.map(({ file, range }) => ({ file, ...range, text: to })),
          preferred: true,
        },
      ];
}
