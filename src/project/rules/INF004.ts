import { entry, lookup } from '../../plist/value.ts';
import type { PlistText, PlistUse, Target } from '../model.ts';
import { isWholePattern } from './pattern.ts';
import type { EndpointUse, ProjectContext } from './context.ts';
import { addEntryFix, firstLine } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF004: ProjectRule = {
  id: 'INF004',
  severity: 'error',
  title: 'NEMachServiceName is missing',
  doc: {
    what: 'The Info.plist of a system extension has no NetworkExtension > NEMachServiceName. An error where code listens on or looks up a named endpoint that is meant for it; otherwise information.',
    why: 'launchd registers exactly the name that stands there. Without it nobody can look the extension up: xpc_error=[3: No such process]. An extension that talks to no app needs none.',
    evidence:
      'Developer forums, thread 816702; the SimpleFirewall sample. Three shipping products have none and need none.',
    fix: 'Add the name: an app group of the extension, a dot, and a word of your own.',
    bad: '<key>NetworkExtension</key>\n<dict>\n\t<key>NEProviderClasses</key>\n\t…\n</dict>',
    good: '<key>NEMachServiceName</key>\n<string>$(TeamIdentifierPrefix)com.example.app.xpc</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const { info } = configuration;
        const dict = entry(info.part?.root, 'NetworkExtension');
        if (!info.part && isUnseen(info) && isWholePattern(c, sysex)) {
          // Without any Info.plist in sight, the endpoint on the wrong side shows that nothing registers the name here.
          yield {
            ...sysex.place,
            message: `No Info.plist with NEMachServiceName is known for ${sysex.name}: nobody can look it up.`,
          };
          continue;
        }
        if (!c.knowsInfo(configuration) || !info.part) continue;
        // Without the dictionary INF001 says it, in the top level INF005.
        if (entry(info.part.root, 'NEMachServiceName') || lookup(dict?.value, 'NEMachServiceName')) continue;
        const use = wanted(c, sysex);
        if (dict?.value?.kind !== 'dict' && !use) continue;
        const group = c.groups(configuration)[0];
        const name = group ? suggested(group, use?.name) : undefined;
        yield {
          file: info.part.file,
          range: dict?.keyRange ?? firstLine(info.part.text, info.part.root),
          severity: use ? 'error' : 'info',
          message: use
            ? `NEMachServiceName is missing: nobody can look up “${use.name ?? 'the endpoint'}”.`
            : 'No NEMachServiceName: no app can connect to this extension. That is right if none needs to.',
          ...(use
            ? {
                related: [
                  {
                    file: use.file,
                    range: use.object,
                    message: use.object.role === 'listener' ? 'Listens here.' : 'Looks it up here.',
                  },
                ],
              }
            : {}),
          fixes:
            name && dict
              ? addEntryFix(`Add NEMachServiceName ${name}`, info, 'NEMachServiceName', name, dict.value)
              : [],
        };
      }
  },
};

const isUnseen = ({ state }: PlistUse): boolean => state === 'unset' || state === 'absent' || state === 'unresolved';

/** The use of a named endpoint that is evidently the extension's: its own listener, or its own or its app's look-up
 *  of a name that no launchd job has. */
function wanted(c: ProjectContext, sysex: Target): EndpointUse | undefined {
  const [own] = c.listeners(sysex).filter((u) => c.users(u.file).every((t) => t === sysex) || u.name !== undefined);
  if (own) return own;
  const groups = sysex.configurations.flatMap((k) => c.groups(k));
  const apps = c.pairs.filter((p) => p.sysex === sysex).map((p) => p.app);
  const isMeant = (u: EndpointUse): boolean => {
    if (u.name === undefined) {
      // A look-up in the extension by the very constant by which its app listens is the mistake of the wrong side.
      const id = u.object.name.identifier;
      return (
        id !== undefined &&
        u.target === sysex &&
        apps.some((app) => c.listeners(app).some((l) => l.object.name.identifier === id))
      );
    }
    if (c.isLaunchdService(u.name)) return false;
    const name = u.name;
    return (
      groups.some(
        (g) => g.text === name || name.startsWith(`${g.text}.`) || (!g.complete && name.endsWith(tail(g.text))),
      ) ||
      (u.target === sysex && apps.some((app) => c.listeners(app).some((l) => l.name === name)))
    );
  };
  return [...c.clients(sysex), ...apps.flatMap((app) => [...c.clients(app), ...c.listeners(app)])].find(isMeant);
}

/** A group's text after its variable, with the word the code appends. */
const tail = (group: string): string => group.replace(/^\$[({][^)}]*[)}]/, '') || '\u0000';

/** The code's own name where it fits the group, else a new child of the group. */
function suggested(group: PlistText, name: string | undefined): string {
  const child = name?.startsWith(`${group.text}.`) ? name.slice(group.text.length) : '.xpc';
  return `${group.raw}${child}`;
}
