import { fixIn } from './fixes.ts';
import { isWholePattern } from './pattern.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X008: ProjectRule = {
  id: 'X008',
  severity: 'error',
  title: 'The name in code is not NEMachServiceName',
  doc: {
    what: 'The system extension listens on, or the app looks up, another name than the Info.plist of the extension registers.',
    why: 'launchd registers the name of the plist. A listener on another name is never reached, a look-up of another name fails with xpc_error=[3: No such process].',
    evidence: 'Developer forums, thread 816702; LuLu keeps the name in a constant, which must follow the plist.',
    fix: "Read the name from the extension's Info.plist, or correct the constant.",
    bad: 'plist: group.com.example.app.xpc; code: "group.com.example.xpc"',
    good: 'the same text, or no text in code',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, sysexConfiguration } of c.configurationPairs) {
      const name = c.machName(sysexConfiguration);
      if (!name?.complete || isWholePattern(c, sysex)) continue;
      const groups = c.groups(sysexConfiguration);
      const uses = [
        ...c.listeners(sysex),
        // A look-up below a group of the extension is meant for it; others may be for a daemon.
        ...c.clients(app).filter((u) => groups.some((g) => g.complete && u.name?.startsWith(`${g.text}.`))),
      ];
      // A product with several extensions registers several names.
      const names = new Set(c.sysexes.flatMap((s) => s.configurations.map((k) => c.machName(k)?.text)));
      const reported = new Set<string>();
      for (const u of uses) {
        if (u.name === undefined || names.has(u.name) || c.isLaunchdService(u.name)) continue;
        const place = c.namePlace(u);
        if (!place || reported.has(`${place.file}:${place.range.start}`)) continue;
        reported.add(`${place.file}:${place.range.start}`);
        const literal = c.model.cache.text(place.file)?.slice(place.range.start, place.range.end) ?? '';
        yield {
          ...place,
          message: `“${u.name}” is not the name that ${sysex.name} registers (“${name.text}”).`,
          related: [{ ...name.location, message: 'NEMachServiceName.' }],
          fixes: literal.includes(u.name)
            ? [
                fixIn(`Change to ${name.text}`, place.file, [
                  { ...place.range, text: literal.replace(u.name, name.text) },
                ]),
              ]
            : [],
        };
      }
    }
  },
};
