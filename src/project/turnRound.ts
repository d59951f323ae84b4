// "Turn the endpoint round": the one change of several files that makes the seed's project work. The listener's
// source goes to the system extension, the connection's to the app, the extension's Info.plist gets the name, the
// invented entitlements go, and the app claims the extension's group.
import type { Fix, TextEdit } from '../entitlements/finding.ts';
import { entriesOf, entry } from '../plist/value.ts';
import { applyEdits, insertEntries, insertEntry, removeEntry } from '../plist/xmlEdit.ts';
import type { Edit } from '../plist/xmlEdit.ts';
import { basename, dirname } from './files.ts';
import type { Configuration, Target } from './model.ts';
import { networkTemplate } from './rules/INF001.ts';
import { acceptEdits, interfaceEdits, protocolOf, teamOf } from './rules/codeFixes.ts';
import type { EndpointUse, ProjectContext } from './rules/context.ts';
import { isOwn } from './rules/names.ts';
import { addGroupFix, editable } from './rules/fixes.ts';
import { fakeServiceKeys, groupsKey } from './rules/keys.ts';
import { lookUpsInSysex } from './rules/pattern.ts';
import { buildFileReference } from './xcode.ts';

const title = 'Turn the endpoint round';

/** None where the two sides do not lie in one file each. */
export function turnRoundFix(c: ProjectContext, listener: EndpointUse): readonly Fix[] {
  const lookUps = lookUpsInSysex(c, listener);
  const [client] = lookUps;
  if (!client || lookUps.some((u) => u.file !== client.file)) return [];
  if (c.listeners(listener.target).some((u) => u.file !== listener.file)) return [];
  const app = listener.target;
  const sysex = client.target;
  const code = moveSources(c, listener, client);
  if (!code) return [];
  const edits: TextEdit[] = [...code.edits];
  const seen = new Set<string>();
  const add = (fixes: readonly Fix[]): void => {
    for (const fix of fixes)
      for (const edit of fix.edits) {
        const key = `${edit.file}:${edit.start}:${edit.end}:${edit.text}`;
        if (!seen.has(key)) edits.push(edit);
        seen.add(key);
      }
  };
  for (const target of [app, sysex])
    for (const configuration of target.configurations) add(withoutFakes(configuration));
  for (const configuration of sysex.configurations) {
    const twin = app.configurations.find((k) => k.name === configuration.name) ?? app.configurations[0];
    add(named(c, sysex, configuration, listener.name ?? client.name));
    if (twin) add(sharedGroup(c, twin, configuration));
  }
  return [{ title, edits, ...(code.creates.length > 0 ? { creates: code.creates } : {}), preferred: true }];
}

interface Moved {
  readonly edits: readonly TextEdit[];
  readonly creates: readonly { readonly file: string; readonly text: string }[];
}

function moveSources(c: ProjectContext, listener: EndpointUse, client: EndpointUse): Moved | undefined {
  const { cache } = c.model;
  const serverText = cache.text(listener.file);
  const clientText = cache.text(client.file);
  if (serverText === undefined || clientText === undefined || listener.file === client.file) return undefined;
  const protocol = protocolOf(c, [listener.target, client.target]);
  const handlers = c.handlers(listener.target).filter((u) => u.file === listener.file);
  const serverEdits = handlers.flatMap((u) =>
    acceptEdits(u.file, serverText, u.handler, protocol, teamOf(client.target)),
  );
  const { sets, escapes } = client.object.use;
  const clientEdits =
    sets.has('remoteObjectInterface') || escapes
      ? []
      : interfaceEdits(client.file, clientText, client.object, protocol);
  const swapped = swapMembership(c, listener, client);
  if (swapped)
    return {
      edits: [
        ...serverEdits.map((e) => ({ ...e, file: listener.file })),
        ...clientEdits.map((e) => ({ ...e, file: client.file })),
        ...swapped,
      ],
      creates: [],
    };
  // Membership by folder: each source is written anew on the other side, and a note stays behind.
  const server = { file: inFolder(client.file, listener.file), text: applyEdits(serverText, serverEdits) };
  const moved = { file: inFolder(listener.file, client.file), text: applyEdits(clientText, clientEdits) };
  const noteEdit = (file: string, text: string, to: string): TextEdit => ({
    file,
    start: 0,
    end: text.length,
    text: `// Moved to ${to}; this file can be deleted.\n`,
  });
  // The same name on both sides: the two files change places.
  if (server.file === client.file && moved.file === listener.file)
    return {
      edits: [
        { file: server.file, start: 0, end: clientText.length, text: server.text },
        { file: moved.file, start: 0, end: serverText.length, text: moved.text },
      ],
      creates: [],
    };
  if (cache.paths.has(server.file) || cache.paths.has(moved.file)) return undefined;
  return {
    edits: [noteEdit(listener.file, serverText, server.file), noteEdit(client.file, clientText, moved.file)],
    creates: [server, moved],
  };
}

const inFolder = (beside: string, file: string): string => [dirname(beside), basename(file)].filter(Boolean).join('/');

/** In a project file that lists its sources: the two build files change places. */
function swapMembership(
  c: ProjectContext,
  listener: EndpointUse,
  client: EndpointUse,
): readonly TextEdit[] | undefined {
  const [app, sysex] = [listener.target, client.target];
  if (app.origin !== 'xcode' || sysex.origin !== 'xcode' || app.project !== sysex.project) return undefined;
  const server = buildFileReference(c.model.cache, app, listener.file);
  const other = buildFileReference(c.model.cache, sysex, client.file);
  if (!server || !other) return undefined;
  const text = c.model.cache.text(app.project) ?? '';
  const cut = (at: { start: number; end: number }): string => text.slice(at.start, at.end);
  return [
    { file: app.project, ...server, text: cut(other) },
    { file: app.project, ...other, text: cut(server) },
  ];
}

function withoutFakes(configuration: Configuration): readonly Fix[] {
  const doc = editable(configuration.entitlements);
  if (!doc) return [];
  const edits = entriesOf(doc.root)
    .filter((e) => fakeServiceKeys.includes(e.key))
    .map((e) => ({ ...removeEntry(doc.document, e), file: doc.file }));
  return [{ title, edits }];
}

/** NEMachServiceName: the code's own name where it stands below a group, else a child of the first group. */
function named(
  c: ProjectContext,
  sysex: Target,
  configuration: Configuration,
  name: string | undefined,
): readonly Fix[] {
  const doc = editable(configuration.info);
  const groups = c.groups(configuration);
  if (!doc || c.machName(configuration)) return [];
  const group = groups.find((g) => name?.startsWith(`${g.text}.`)) ?? groups[0];
  if (!group) return [];
  const full = name?.startsWith(`${group.text}.`) ? `${group.raw}${name.slice(group.text.length)}` : `${group.raw}.xpc`;
  const dict = entry(doc.root, 'NetworkExtension')?.value;
  const edits: Edit[] = [];
  const { NEProviderClasses } = networkTemplate(c, sysex, configuration);
  const classes = NEProviderClasses === undefined ? {} : { NEProviderClasses };
  if (dict?.kind === 'dict') {
    const missing = entry(dict, 'NEProviderClasses') ? {} : classes;
    edits.push(insertEntries(doc.document, dict, Object.entries({ NEMachServiceName: full, ...missing })));
  } else if (!dict)
    edits.push(insertEntry(doc.document, doc.root, 'NetworkExtension', { NEMachServiceName: full, ...classes }));
  return [{ title, edits: edits.map((e) => ({ ...e, file: doc.file })) }];
}

/** The app claims the extension's groups, where it lacks them. */
function sharedGroup(c: ProjectContext, app: Configuration, sysex: Configuration): readonly Fix[] {
  const own = c.groups(app);
  const missing = c.groups(sysex).filter((g) => !own.some((o) => isOwn(o, g) === 'same'));
  if (missing.length < c.groups(sysex).length || missing.length === 0) return [];
  return addGroupFix(title, app.entitlements, groupsKey, [missing[0]?.raw ?? '']);
}
