// Projects without a project file (Makefile, SwiftPM, scripts): what a folder is for, told only where its own plist
// files say so beyond doubt.
import type { Platform, ProductType } from '../entitlements/project.ts';
import { entry, lookup, stringsOf } from '../plist/value.ts';
import type { PlistValue } from '../plist/value.ts';
import { isHeader, isSource, settingsOf } from './build.ts';
import type { FileCache } from './cache.ts';
import { basename, dirname, extension, isWithin } from './files.ts';
import { settingText } from './levels.ts';
import type { Configuration, PlistUse, Target } from './model.ts';

const networkExtension = 'com.apple.developer.networking.networkextension';
const install = 'com.apple.developer.system-extension.install';

interface Unit {
  readonly folder: string;
  readonly entitlements: string[];
  readonly infos: string[];
}

type Role = { readonly productType: ProductType; readonly platform: Platform | undefined };

/** Folders that hold only resources: their sources lie beside them. */
const resourceFolders: ReadonlySet<string> = new Set([
  'resources',
  'supporting files',
  'supportingfiles',
  'support',
  'config',
  'configuration',
  'entitlements',
  'plists',
]);

export const isInfoPlist = (path: string): boolean => /(^|[-_.])info\.plist$/i.test(basename(path));

function units(cache: FileCache, covered: (path: string) => boolean): readonly Unit[] {
  const found = new Map<string, Unit>();
  for (const path of cache.paths) {
    const isEntitlements = extension(path) === 'entitlements';
    if ((!isEntitlements && !isInfoPlist(path)) || covered(path)) continue;
    let folder = dirname(path);
    if (folder !== '' && resourceFolders.has(basename(folder).toLowerCase())) folder = dirname(folder);
    const unit = found.get(folder) ?? { folder, entitlements: [], infos: [] };
    (isEntitlements ? unit.entitlements : unit.infos).push(path);
    found.set(folder, unit);
  }
  return [...found.values()];
}

const stem = (path: string): string =>
  basename(path)
    .replace(/\.(entitlements|plist)$/i, '')
    .replace(/[-_.]?info$/i, '')
    .replace(/[-_.]?(debug|release|developer ?id|appstore)$/i, '')
    .toLowerCase();

/** A folder with files of several products (App.entitlements, Extension.entitlements): one unit for each name. */
function split(unit: Unit): readonly { unit: Unit; ownsFolder: boolean }[] {
  const stems = new Set([...unit.entitlements.map(stem), ...unit.infos.map(stem)].filter((s) => s !== ''));
  if (unit.infos.length <= 1 && (unit.entitlements.length <= 1 || stems.size <= 1)) return [{ unit, ownsFolder: true }];
  return [...stems].map((name) => ({
    unit: {
      folder: unit.folder,
      entitlements: unit.entitlements.filter((p) => stem(p) === name),
      infos: unit.infos.filter((p) => stem(p) === name),
    },
    ownsFolder: false,
  }));
}

const claims = (root: PlistValue | undefined, key: string): boolean => {
  const value = entry(root, key)?.value;
  return value?.kind === 'boolean' && value.value;
};

const providerValues = (root: PlistValue | undefined): readonly string[] =>
  stringsOf(entry(root, networkExtension)?.value).map((s) => s.value);

function platformOfPlists(
  entitlements: readonly (PlistValue | undefined)[],
  info: PlistValue | undefined,
): Platform | undefined {
  if (entry(info, 'LSMinimumSystemVersion') ?? entry(info, 'NSPrincipalClass')) return 'macos';
  if (
    entry(info, 'LSRequiresIPhoneOS') ??
    entry(info, 'UIRequiredDeviceCapabilities') ??
    entry(info, 'MinimumOSVersion')
  )
    return 'ios';
  const mac = entitlements.some(
    (e) =>
      entry(e, 'com.apple.security.app-sandbox') !== undefined ||
      claims(e, install) ||
      providerValues(e).some((v) => v.endsWith('-systemextension')),
  );
  return mac ? 'macos' : undefined;
}

function roleOf(unit: Unit, cache: FileCache): Role | undefined {
  const info = cache.plist(unit.infos[0] ?? '')?.root;
  const entitlements = unit.entitlements.map((path) => cache.plist(path)?.root);
  const platform = platformOfPlists(entitlements, info);
  const packageType = settingText(lookup(info, 'CFBundlePackageType'));
  if (packageType === 'SYSX') return { productType: 'system-extension', platform: 'macos' };
  if (lookup(info, 'NSExtension')) return { productType: 'app-extension', platform };
  if (entitlements.some((e) => claims(e, install))) return { productType: 'application', platform: 'macos' };
  if (lookup(info, 'NetworkExtension', 'NEProviderClasses') && packageType !== 'APPL')
    return { productType: 'system-extension', platform: 'macos' };
  if (packageType === 'APPL') return { productType: 'application', platform };
  return undefined;
}

/** Beside an app that installs system extensions, the one folder whose entitlements claim a provider's value. */
function remainingExtension(rest: readonly Unit[], cache: FileCache): Unit | undefined {
  const candidates = rest.filter((unit) =>
    unit.entitlements.some((path) =>
      providerValues(cache.plist(path)?.root).some((v) => v.endsWith('-systemextension')),
    ),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

function use(cache: FileCache, path: string | undefined): PlistUse {
  const document = path === undefined ? undefined : cache.plist(path);
  if (path === undefined || !document) return { state: 'unresolved' };
  return { state: 'present', path, part: { file: path, text: document.text, root: document.root, document } };
}

function target(cache: FileCache, unit: Unit, ownsFolder: boolean, role: Role, others: readonly string[]): Target {
  const name = ownsFolder ? basename(unit.folder) || 'project' : stem(unit.entitlements[0] ?? unit.infos[0] ?? '');
  const settings = settingsOf({
    name: '',
    levels: [],
    targetName: '$(TARGET_NAME)',
    projectName: '$(PROJECT_NAME)',
    known: false,
    folder: unit.folder,
    ...role,
  });
  const info = use(cache, unit.infos[0]);
  const paths: readonly (string | undefined)[] = unit.entitlements.length > 0 ? unit.entitlements : [undefined];
  const configurations: Configuration[] = paths.map((path) => ({
    name: path === undefined ? '' : basename(path),
    platform: role.platform,
    kind: /debug/i.test(path ?? '') ? 'debug' : /release/i.test(path ?? '') ? 'release' : undefined,
    settings,
    entitlements: use(cache, path),
    info,
  }));
  const folder = ownsFolder ? unit.folder : namesake(cache, name);
  const inner = others.filter((other) => folder !== undefined && other !== folder && isWithin(other, folder));
  const sources =
    folder === undefined
      ? []
      : [...cache.paths].filter(
          (p) => isWithin(p, folder) && (isSource(p) || isHeader(p)) && !inner.some((f) => isWithin(p, f)),
        );
  const file = unit.infos[0] ?? unit.entitlements[0] ?? '';
  return {
    id: `${unit.folder}#${name}`,
    name,
    ...role,
    origin: 'inferred',
    project: '',
    place: { file, range: { start: 0, end: 0 } },
    configurations,
    sources,
    // A library or a generated file may be linked in.
    sourcesComplete: false,
    embeds: [],
    dependencies: [],
    scripts: [],
  };
}

/** The one folder with sources that is called as the file is: Sources/App beside Entitlements/App.entitlements. */
function namesake(cache: FileCache, name: string): string | undefined {
  const found = new Set<string>();
  for (const path of cache.paths)
    if (isSource(path))
      for (let folder = dirname(path); folder !== ''; folder = dirname(folder))
        if (basename(folder).toLowerCase() === name) found.add(folder);
  const [only] = found;
  return found.size === 1 ? only : undefined;
}

/** `covered`: files that a project description governs. */
export function inferredTargets(cache: FileCache, covered: (path: string) => boolean): readonly Target[] {
  const all = units(cache, covered).flatMap(split);
  const roles = new Map(all.map(({ unit }) => [unit, roleOf(unit, cache)]));
  const installs = all.some(({ unit }) => unit.entitlements.some((p) => claims(cache.plist(p)?.root, install)));
  const hasExtension = [...roles.values()].some((r) => r?.productType === 'system-extension');
  if (installs && !hasExtension) {
    const found = remainingExtension(
      all.map(({ unit }) => unit).filter((unit) => roles.get(unit) === undefined),
      cache,
    );
    if (found) roles.set(found, { productType: 'system-extension', platform: 'macos' });
  }
  const folders = all.map(({ unit }) => unit.folder);
  return all.flatMap(({ unit, ownsFolder }) => {
    const role = roles.get(unit);
    return role ? [target(cache, unit, ownsFolder, role, folders)] : [];
  });
}
