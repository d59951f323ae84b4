// Where the Flowtap app is, and under which name its system extension can be reached: as the Info.plist of the installed
// extension says, since each build has a name of its own.
import fs from 'node:fs/promises';
import path from 'node:path';
import { parsePlist } from '../plist/plist.ts';
import { lookup } from '../plist/value.ts';

const appName = 'Flowtap.app';
const systemFolder = '/Library/SystemExtensions';

export interface AppPlace {
  /** …/Flowtap.app */
  readonly bundle: string;
  /** What runs its command line. */
  readonly program: string;
  /** Where the system keeps the extensions that it installed. */
  readonly installed: string;
}

/** FLOWTAP_APP names another bundle, for development. */
export function appPlace(env: NodeJS.ProcessEnv = process.env): AppPlace {
  const bundle = env['FLOWTAP_APP'] || path.join('/Applications', appName);
  return { bundle, program: path.join(bundle, 'Contents/MacOS/Flowtap'), installed: systemFolder };
}

export interface ExtensionInfo {
  readonly endpoint: string;
  /** CFBundleVersion. */
  readonly build: string;
}

/**
 * The endpoints of the installed extension, the newest build first, then that of the one which the app carries. An extension
 * that was replaced stays until the Mac restarts, so there can be several.
 */
export async function extensionEndpoints(place: AppPlace): Promise<ExtensionInfo[]> {
  const carried = await bundlesIn(path.join(place.bundle, 'Contents/Library/SystemExtensions'));
  const names = new Set(carried.map((bundle) => path.basename(bundle)));
  const folders = await list(place.installed);
  const installed = folders.flatMap((folder) => [...names].map((name) => path.join(place.installed, folder, name)));
  const found = (await Promise.all(installed.map(readInfo))).filter((info) => info !== undefined);
  found.sort((a, b) => b.build.localeCompare(a.build, 'en', { numeric: true }));
  for (const info of await Promise.all(carried.map(readInfo))) if (info) found.push(info);
  return found.filter((info, i) => found.findIndex(({ endpoint }) => endpoint === info.endpoint) === i);
}

const bundlesIn = async (folder: string): Promise<string[]> =>
  (await list(folder)).filter((name) => name.endsWith('.systemextension')).map((name) => path.join(folder, name));

const list = (folder: string): Promise<string[]> => fs.readdir(folder).catch(() => []);

/** More than any Info.plist has. */
const mostBytes = 1024 * 1024;

async function readInfo(bundle: string): Promise<ExtensionInfo | undefined> {
  const bytes = await fs.readFile(path.join(bundle, 'Contents/Info.plist')).catch(() => undefined);
  if (!bytes || bytes.length > mostBytes) return undefined;
  const { root } = parsePlist(bytes);
  const text = (...keys: string[]): string => {
    const value = lookup(root, ...keys);
    return value?.kind === 'string' ? value.value : '';
  };
  const endpoint = text('NetworkExtension', 'NEMachServiceName');
  return endpoint ? { endpoint, build: text('CFBundleVersion') } : undefined;
}

/** What the extension's process must be signed as: by the team that its endpoint's application group names. */
export function requirementFor(endpoint: string): string {
  const team = /^([A-Z0-9]{10})\./.exec(endpoint)?.[1];
  return team ? `anchor apple generic and certificate leaf[subject.OU] = "${team}"` : '';
}
