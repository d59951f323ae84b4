import { lookup } from '../../plist/value.ts';
import type { Target } from '../model.ts';
import { isOwn } from './names.ts';
import type { ProjectContext } from './context.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF007: ProjectRule = {
  id: 'INF007',
  severity: 'warning',
  title: 'NEMachServiceName is the app group itself',
  doc: {
    what: 'The name equals an app group. A warning where the client is sandboxed, otherwise information.',
    why: 'The system accepts equality. The sandbox of a client allows look-ups of names below a group only: the group, a dot, and more. An app without sandbox is not affected.',
    evidence: 'The sandbox profile of macOS 10.15.2. LuLu and Firezone ship equal names, without a sandboxed client.',
    fix: 'Append a word to the name, in Info.plist and in the code.',
    bad: '<string>$(TeamIdentifierPrefix)com.example.app</string>',
    good: '<string>$(TeamIdentifierPrefix)com.example.app.xpc</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex, appConfiguration, sysexConfiguration } of c.configurationPairs) {
      const name = c.machName(sysexConfiguration);
      if (!name || !c.groups(sysexConfiguration).some((g) => isOwn(name, g) === 'same')) continue;
      if (c.groups(sysexConfiguration).some((g) => isOwn(name, g) === 'child')) continue;
      const client = clientOf(c, name.text, sysex);
      const configuration =
        client && client !== app
          ? (client.configurations.find((k) => k.name === sysexConfiguration.name) ?? client.configurations[0])
          : appConfiguration;
      if (!configuration) continue;
      const sandboxed = c.sandboxed(configuration);
      // Nobody who looks it up is known, and the app does not speak XPC: no one is stopped.
      const speaks = client !== undefined || c.clients(app).length > 0;
      const value = lookup(sysexConfiguration.info.part?.root, 'NetworkExtension', 'NEMachServiceName');
      yield {
        file: name.location.file,
        range: name.location.range,
        severity: sandboxed === true && speaks ? 'warning' : 'info',
        message:
          sandboxed === true
            ? `“${name.text}” is the app group itself; the sandbox of ${(client ?? app).name} allows only names below it.`
            : `“${name.text}” is the app group itself: accepted, but a sandboxed client could not look it up.`,
        fixes: setStringFix(`Rename to ${name.raw}.xpc`, sysexConfiguration.info, value, `${name.raw}.xpc`),
      };
    }
  },
};

/** The target that looks the name up. */
const clientOf = (c: ProjectContext, name: string, sysex: Target): Target | undefined =>
  c.targets.find((t) => t !== sysex && c.clients(t).some((u) => u.name === name));
