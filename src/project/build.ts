// What Xcode projects and XcodeGen descriptions have in common: from settings to a configuration of a target.
import type { Location, Platform, ProductType } from '../entitlements/project.ts';
import type { PlistValue } from '../plist/value.ts';
import type { FileCache } from './cache.ts';
import { isSkipped } from './skip.ts';
import { basename, extension, normalise } from './files.ts';
import type { Configuration, PlistUse } from './model.ts';
import { BuildSettings } from './settings.ts';
import type { Level } from './settings.ts';

/** Stands for the root folder in absolute paths such as $(SRCROOT). */
const root = '/\u{1f5c0}';

const packageTypes: Partial<Record<ProductType, string>> = {
  application: 'APPL',
  'system-extension': 'SYSX',
  'driver-extension': 'DEXT',
  'app-extension': 'XPC!',
  'xpc-service': 'XPC!',
  framework: 'FMWK',
  bundle: 'BNDL',
};

const sdks: Readonly<Record<Platform, string>> = {
  macos: 'macosx',
  ios: 'iphoneos',
  tvos: 'appletvos',
  watchos: 'watchos',
  visionos: 'xros',
  driverkit: 'driverkit',
};

/** By the names of com.apple.product-type.… and of XcodeGen's `type`. */
export function productTypeOf(name: string): ProductType {
  const type = name.replace(/^com\.apple\.product-type\./, '');
  if (type === 'application' || type.startsWith('application.')) return 'application';
  if (/^(app-extension|extensionkit-extension|tv-app-extension|xcode-extension)/.test(type)) return 'app-extension';
  if (type === 'system-extension' || type === 'driver-extension' || type === 'xpc-service' || type === 'tool')
    return type;
  if (/test/.test(type)) return 'test';
  if (type.startsWith('framework')) return 'framework';
  if (type.startsWith('library')) return 'library';
  return type === 'bundle' ? 'bundle' : 'other';
}

export interface ConfigurationInput {
  readonly name: string;
  readonly levels: readonly Level[];
  readonly targetName: string;
  readonly projectName: string;
  /** See SettingsContext.known. */
  readonly known?: boolean;
  /** The folder that relative paths of settings count from. */
  readonly folder: string;
  readonly productType: ProductType | undefined;
  readonly platform: Platform | undefined;
  /** Plists that the project description itself holds. */
  readonly inline?: { readonly entitlements?: PlistInline; readonly info?: PlistInline };
}

export interface PlistInline {
  readonly path: string | undefined;
  readonly properties: PlistValue | undefined;
  readonly place: Location;
}

/** 'debug' and 'release' by what the compiler is told, else by the name. */
function kindOf(name: string, settings: BuildSettings): Configuration['kind'] {
  if (/debug/i.test(name)) return 'debug';
  if (/release|distribution|app ?store|production|developer ?id/i.test(name)) return 'release';
  if (/\bDEBUG\b/.test(settings.value('SWIFT_ACTIVE_COMPILATION_CONDITIONS') ?? '')) return 'debug';
  return /\bDEBUG=1\b/.test(settings.value('GCC_PREPROCESSOR_DEFINITIONS') ?? '') ? 'debug' : undefined;
}

export function settingsOf(input: ConfigurationInput): BuildSettings {
  const { levels, name, folder, targetName, projectName, productType, platform } = input;
  const folderPath = folder === '' ? root : `${root}/${folder}`;
  const builtIn = new Map<string, string>([
    ['TARGET_NAME', targetName],
    ['TARGETNAME', targetName],
    ['PROJECT_NAME', projectName],
    ['PROJECT', projectName],
    ['CONFIGURATION', name],
    ['SRCROOT', folderPath],
    ['SOURCE_ROOT', folderPath],
    ['PROJECT_DIR', folderPath],
    // Xcode's own default; the product type of system extensions takes the bundle id.
    ['PRODUCT_NAME', productType === 'system-extension' ? '$(PRODUCT_BUNDLE_IDENTIFIER)' : '$(TARGET_NAME)'],
    ['PRODUCT_MODULE_NAME', '$(PRODUCT_NAME:c99extidentifier)'],
    ['EXECUTABLE_NAME', '$(PRODUCT_NAME)'],
    ['LOCAL_APPS_DIR', '/Applications'],
    ['LOCAL_LIBRARY_DIR', '/Library'],
    ['USER_APPS_DIR', '~/Applications'],
    ['SYSTEM_EXTENSIONS_FOLDER_PATH', 'Contents/Library/SystemExtensions'],
    ['PLUGINS_FOLDER_PATH', 'Contents/PlugIns'],
    ['CONTENTS_FOLDER_PATH', 'Contents'],
    ['INFOPLIST_FILE', ''],
    ['CODE_SIGN_ENTITLEMENTS', ''],
  ]);
  const packageType = productType && packageTypes[productType];
  if (packageType) builtIn.set('PRODUCT_BUNDLE_PACKAGE_TYPE', packageType);
  const sdk = platform && sdks[platform];
  const settings = new BuildSettings(levels, { configuration: name, sdk, builtIn, known: input.known ?? true });
  // Both prefixes come from the signing team. Without a known one they stay variables.
  const team = settings.get('DEVELOPMENT_TEAM');
  if (team?.complete && /^[A-Z0-9]{10}$/.test(team.text))
    for (const prefix of ['TeamIdentifierPrefix', 'AppIdentifierPrefix']) builtIn.set(prefix, `${team.text}.`);
  return settings;
}

/** undefined where they differ: a rule about one of them has nothing to say of such a target. */
export function commonPlatform(configurations: readonly Configuration[]): Platform | undefined {
  const platforms = new Set(configurations.map((c) => c.platform));
  const [only] = platforms;
  return platforms.size === 1 ? only : undefined;
}

/** SDKROOT, SUPPORTED_PLATFORMS, deployment targets; undefined for a target of several platforms. */
export function platformOf(settings: BuildSettings, productType: ProductType | undefined): Platform | undefined {
  if (productType === 'system-extension') return 'macos';
  if (productType === 'driver-extension') return 'driverkit';
  const platform = sdkPlatform(settings);
  // Mac Catalyst: the same app, signed with the same file, for a Mac too.
  return platform === 'ios' && settings.flag('SUPPORTS_MACCATALYST') === true ? undefined : platform;
}

function sdkPlatform(settings: BuildSettings): Platform | undefined {
  const bySdk = (sdk: string): Platform | undefined =>
    (Object.entries(sdks).find(([, name]) => sdk.startsWith(name))?.[0] as Platform | undefined) ??
    (sdk.startsWith('iphonesimulator') ? 'ios' : undefined);
  const supported = settings.value('SUPPORTED_PLATFORMS')?.split(/\s+/).filter(Boolean) ?? [];
  const platforms = new Set(supported.map(bySdk).filter((p) => p !== undefined));
  if (platforms.size > 1) return undefined;
  const root = settings.value('SDKROOT') ?? '';
  const [only] = platforms;
  if (root && root !== 'auto') return bySdk(basename(root));
  if (only) return only;
  if (root === 'auto') return undefined;
  const mac = settings.get('MACOSX_DEPLOYMENT_TARGET') !== undefined;
  const phone = settings.get('IPHONEOS_DEPLOYMENT_TARGET') !== undefined;
  return mac === phone ? undefined : mac ? 'macos' : 'ios';
}

/** A setting's path as one of the project's; undefined where it lies outside the root. */
export function settingPath(text: string, folder: string): string | undefined {
  const path = text.trim().replace(/^"(.*)"$/, '$1');
  if (path.startsWith(`${root}/`)) return normalise(path.slice(root.length + 1));
  return path.startsWith('/') || path.startsWith('~') ? undefined : normalise(`${folder}/${path}`);
}

function plistUse(
  cache: FileCache,
  settings: BuildSettings,
  setting: string,
  folder: string,
  inline: PlistInline | undefined,
): PlistUse {
  const found = settings.get(setting);
  const place = found?.from ? { file: found.from.file, range: found.from.range } : inline?.place;
  const at = place ? { place } : {};
  if (inline?.properties && (!found?.text || (inline.path !== undefined && found.text === inline.path))) {
    const text = cache.text(inline.place.file) ?? '';
    const path = inline.path === undefined ? undefined : settingPath(inline.path, folder);
    return {
      state: 'present',
      ...(path === undefined ? {} : { path }),
      ...at,
      part: { file: inline.place.file, text, root: inline.properties },
    };
  }
  const name = found?.text || inline?.path || '';
  if (name === '') return { state: settings.known ? 'unset' : 'unresolved', ...at };
  if (found?.text && !found.complete) return { state: 'unresolved', ...at };
  const path = settingPath(name, folder);
  if (path === undefined || isSkipped(path)) return { state: 'unseen', ...at };
  if (!cache.paths.has(path)) return { state: 'absent', path, ...at };
  const document = cache.plist(path);
  if (!document) return { state: 'unseen', path, ...at };
  return { state: 'present', path, ...at, part: { file: path, text: document.text, root: document.root, document } };
}

export function buildConfiguration(cache: FileCache, input: ConfigurationInput): Configuration {
  const settings = settingsOf(input);
  const { name, folder, inline } = input;
  return {
    name,
    kind: kindOf(name, settings),
    platform: input.platform,
    settings,
    entitlements: plistUse(cache, settings, 'CODE_SIGN_ENTITLEMENTS', folder, inline?.entitlements),
    info: plistUse(cache, settings, 'INFOPLIST_FILE', folder, inline?.info),
  };
}

export const isSource = (path: string): boolean =>
  ['swift', 'm', 'mm', 'c', 'cc', 'cpp', 'cxx'].includes(extension(path));
/** Declares, does not build; read beside the sources for constants and protocols. */
export const isHeader = (path: string): boolean => ['h', 'hh', 'hpp', 'pch'].includes(extension(path));
