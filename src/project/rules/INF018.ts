import { basename } from '../files.ts';
import { nameFromBundle } from './nameFromBundle.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF018: ProjectRule = {
  id: 'INF018',
  severity: 'hint',
  title: 'The name of the endpoint is typed twice',
  doc: {
    what: 'Code repeats the text of NEMachServiceName.',
    why: 'Two copies drift apart, and a name with a version cannot be repeated at all.',
    evidence:
      "Apple's SimpleFirewall sample reads the name from the extension's bundle, in the app as well as in the extension.",
    fix: "Read NetworkExtension > NEMachServiceName from the extension's Info.plist.",
    bad: 'let name = "group.com.example.app.xpc"',
    good: 'Bundle.main.object(forInfoDictionaryKey: "NetworkExtension")',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const name = c.machName(configuration);
        if (!name?.complete) continue;
        const places = c.relatedTargets
          .flatMap((t) => [...c.listeners(t), ...c.clients(t)])
          .filter((u) => u.name === name.text)
          .flatMap((use) => {
            const place = c.namePlace(use);
            return place ? [{ use, place }] : [];
          });
        const first = places[0]?.place;
        if (!first) continue;
        const [only, more] = new Map(places.map((p) => [`${p.place.file}:${p.place.range.start}`, p])).values();
        yield {
          ...name.location,
          message: `The same name stands in ${basename(first.file)}; code can read it from here.`,
          related: [{ ...first, message: 'The copy.' }],
          fixes: only && !more ? nameFromBundle(c, only.use, only.place) : [],
        };
      }
  },
};
