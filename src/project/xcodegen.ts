// Targets of an XcodeGen description (project.yml): the parts of its specification that decide what is built from
// which files with which settings.
import type { Location, Platform } from '../entitlements/project.ts';
import { entriesOf, entry, lookup, stringsOf } from '../plist/value.ts';
import type { PlistDict, PlistEntry, PlistValue } from '../plist/value.ts';
import {
  buildConfiguration,
  commonPlatform,
  isHeader,
  isSource,
  platformOf,
  productTypeOf,
  settingsOf,
} from './build.ts';
import type { PlistInline } from './build.ts';
import type { FileCache } from './cache.ts';
import { basename, dirname, isWithin, join } from './files.ts';
import { matches } from './glob.ts';
import { dictLevel, merged, stringAt, xcconfigLevel } from './levels.ts';
import type { Configuration, Embedding, Target } from './model.ts';
import type { Level } from './settings.ts';
import type { ProjectTargets } from './xcode.ts';

const platforms: Readonly<Record<string, Platform>> = {
  macos: 'macos',
  ios: 'ios',
  tvos: 'tvos',
  watchos: 'watchos',
  visionos: 'visionos',
};

/** An entry with the file it stands in: descriptions include one another. */
interface Placed {
  readonly file: string;
  readonly entry: PlistEntry;
}

class Description {
  readonly #cache: FileCache;
  readonly #file: string;
  readonly #folder: string;
  /** Each included file's root, the including one first. */
  readonly #roots: { readonly file: string; readonly root: PlistValue }[] = [];

  constructor(cache: FileCache, file: string) {
    this.#cache = cache;
    this.#file = file;
    this.#folder = dirname(file);
    this.#include(file, new Set());
  }

  #include(file: string, seen: Set<string>): void {
    if (seen.has(file) || seen.size > 50) return;
    seen.add(file);
    const root = this.#cache.yaml(file)?.root;
    if (!root) return;
    this.#roots.push({ file, root });
    const includes = entry(root, 'include')?.value;
    for (const item of includes?.kind === 'array' ? includes.items : [includes]) {
      const path = item?.kind === 'string' ? item.value : stringAt(item, 'path');
      const included = path === undefined ? undefined : join(dirname(file), path);
      if (included !== undefined) this.#include(included, seen);
    }
  }

  /** The first root that says it. */
  #section(...path: readonly string[]): PlistValue | undefined {
    for (const { root } of this.#roots) {
      const found = lookup(root, ...path);
      if (found) return found;
    }
    return undefined;
  }

  #entries(section: string): readonly Placed[] {
    return this.#roots.flatMap(({ file, root }) =>
      entriesOf(entry(root, section)?.value).map((e) => ({ file, entry: e })),
    );
  }

  targets(): readonly Target[] {
    return this.#entries('targets').flatMap(({ file, entry: e }) =>
      e.value?.kind === 'dict' ? this.#target(file, e, e.value) : [],
    );
  }

  /** The target's own value and its templates', in the order of precedence. */
  #layers(value: PlistDict): readonly PlistDict[] {
    const layers: PlistDict[] = [value];
    for (let i = 0; i < layers.length && layers.length < 50; i++)
      for (const { value: name } of stringsOf(entry(layers[i], 'templates')?.value)) {
        const template = this.#section('targetTemplates', name);
        if (template?.kind === 'dict' && !layers.includes(template)) layers.push(template);
      }
    return layers;
  }

  #target(file: string, e: PlistEntry, value: PlistDict): readonly Target[] {
    const layers = this.#layers(value);
    const get = (key: string): PlistValue | undefined =>
      layers.map((l) => entry(l, key)?.value).find((v) => v !== undefined);
    const all = (key: string): readonly PlistValue[] =>
      layers.flatMap((l) => {
        const v = entry(l, key)?.value;
        return v?.kind === 'array' ? v.items : v ? [v] : [];
      });
    const named = stringsOf(get('platform')).map((s) => s.value);
    const supported = stringsOf(get('supportedDestinations')).map((s) => s.value);
    // One target of each platform: Name_iOS, Name_macOS.
    return (named.length === 0 ? ['auto'] : named).map((platformName) => {
      const name = named.length > 1 ? `${e.key}_${platformName}` : e.key;
      const declared = platforms[platformName.toLowerCase()];
      const only = supported.length === 1 ? platforms[(supported[0] ?? '').toLowerCase()] : undefined;
      const productType = productTypeOf(stringAt(get('type') ?? undefined) ?? '');
      const { configurations, platform } = this.#configurations(name, productType, declared ?? only, layers, file);
      const place: Location = { file, range: e.keyRange };
      const dependencies = all('dependencies');
      return {
        id: `${this.#file}#${name}`,
        name,
        productType,
        platform: productType === 'system-extension' ? 'macos' : (platform ?? declared),
        origin: 'xcodegen',
        project: this.#file,
        place,
        configurations,
        ...this.#sources(all('sources')),
        embeds: dependencies.flatMap((d) => this.#embedding(file, d)),
        dependencies: dependencies
          .map((d) => stringAt(d, 'target'))
          .filter((d) => d !== undefined)
          .map((d) => `${this.#file}#${d}`),
        scripts: ['preBuildScripts', 'postCompileScripts', 'postBuildScripts', 'prebuildScripts', 'postbuildScripts']
          .flatMap(all)
          .map((s) => stringAt(s, 'script') ?? stringAt(s, 'path'))
          .filter((s) => s !== undefined),
      };
    });
  }

  #embedding(file: string, dependency: PlistValue): readonly Embedding[] {
    const target = stringAt(dependency, 'target');
    if (target === undefined || stringAt(dependency, 'embed') === 'NO') return [];
    const value = this.#section('targets', target);
    const type = productTypeOf(
      (value?.kind === 'dict'
        ? this.#layers(value)
            .map((l) => stringAt(l, 'type'))
            .find((t) => t !== undefined)
        : undefined) ?? '',
    );
    const copied = stringAt(dependency, 'copy', 'subpath') ?? '';
    let destination: Embedding['destination'] = 'other';
    if (/LoginItems/.test(copied)) destination = 'login-items';
    else if (type === 'system-extension') destination = 'system-extensions';
    else if (type === 'app-extension') destination = 'plug-ins';
    return [{ target: `${this.#file}#${target}`, place: { file, range: dependency.range }, destination }];
  }

  #sources(items: readonly PlistValue[]): { sources: readonly string[]; sourcesComplete: boolean } {
    const found = new Set<string>();
    let sourcesComplete = true;
    for (const item of items) {
      const path = item.kind === 'string' ? item.value : stringAt(item, 'path');
      const folder = path === undefined || path.includes('$') ? undefined : join(this.#folder, path);
      if (folder === undefined) {
        sourcesComplete = false;
        continue;
      }
      const excludes = stringsOf(entry(item, 'excludes')?.value).map((s) => s.value);
      const includes = stringsOf(entry(item, 'includes')?.value).map((s) => s.value);
      for (const file of this.#cache.paths) {
        if (!isWithin(file, folder) || !(isSource(file) || isHeader(file))) continue;
        const inner = file === folder ? basename(file) : file.slice(folder === '' ? 0 : folder.length + 1);
        const hit = (pattern: string): boolean => matches(pattern, inner) || inner.startsWith(`${pattern}/`);
        if (!excludes.some(hit) && (includes.length === 0 || includes.some(hit))) found.add(file);
      }
    }
    return { sources: [...found], sourcesComplete };
  }

  #inline(layers: readonly PlistDict[], file: string, key: 'entitlements' | 'info'): PlistInline | undefined {
    const e = layers.map((l) => entry(l, key)).find((found) => found?.value?.kind === 'dict');
    if (!e) return undefined;
    return {
      path: stringAt(e.value, 'path'),
      properties: lookup(e.value, 'properties'),
      place: { file, range: e.keyRange },
    };
  }

  #configurations(
    targetName: string,
    productType: ReturnType<typeof productTypeOf>,
    declared: Platform | undefined,
    layers: readonly PlistDict[],
    file: string,
  ): { configurations: readonly Configuration[]; platform: Platform | undefined } {
    const declaredConfigs = this.#entries('configs').map(({ entry: e }) => e.key);
    const names = declaredConfigs.length > 0 ? declaredConfigs : ['Debug', 'Release'];
    const projectName = stringAt(this.#section('name')) ?? basename(this.#folder);
    const entitlements = this.#inline(layers, file, 'entitlements');
    const info = this.#inline(layers, file, 'info');
    const configurations = names.map((name) => {
      let known = true;
      const onMissing = (): void => {
        known = false;
      };
      const own = layers.map((l) => this.#settingsLevel(entry(l, 'settings')?.value, name));
      const levels = [
        [...own].reverse().reduce((under, over) => merged(over, under), new Map() as Level),
        ...layers.flatMap((l) => this.#configFile(entry(l, 'configFiles')?.value, name, onMissing)),
        this.#settingsLevel(this.#section('settings'), name),
        ...this.#configFile(this.#section('configFiles'), name, onMissing),
        this.#defaults(targetName, entitlements, info),
      ];
      const input = { name, levels, known, targetName, projectName, folder: this.#folder, productType };
      const platform = declared ?? platformOf(settingsOf({ ...input, platform: undefined }), productType);
      return buildConfiguration(this.#cache, {
        ...input,
        platform,
        inline: { ...(entitlements ? { entitlements } : {}), ...(info ? { info } : {}) },
      });
    });
    return { configurations, platform: commonPlatform(configurations) };
  }

  /** Flat, or {base, configs, groups}. */
  #settingsLevel(value: PlistValue | undefined, configuration: string, depth = 0): Level {
    if (value?.kind !== 'dict' || depth > 10) return new Map();
    const structured = ['base', 'configs', 'groups'].some((key) => entry(value, key)?.value !== undefined);
    if (!structured) return dictLevel(this.#file, value.entries);
    let level: Level = new Map();
    for (const { value: group } of stringsOf(entry(value, 'groups')?.value))
      level = merged(this.#settingsLevel(this.#section('settingGroups', group), configuration, depth + 1), level);
    level = merged(dictLevel(this.#fileOf(value), entriesOf(entry(value, 'base')?.value)), level);
    // A configuration is named in full, or by a part of its name.
    for (const { key, value: settings } of entriesOf(entry(value, 'configs')?.value))
      if (key === configuration || configuration.toLowerCase().includes(key.toLowerCase()))
        level = merged(this.#settingsLevel(settings, configuration, depth + 1), level);
    return level;
  }

  #fileOf(value: PlistValue): string {
    return this.#roots.find(({ root }) => contains(root, value))?.file ?? this.#file;
  }

  #configFile(value: PlistValue | undefined, configuration: string, onMissing: () => void): readonly Level[] {
    const path = stringAt(value, configuration);
    const file = path === undefined ? undefined : join(this.#folder, path);
    return file === undefined ? [] : [xcconfigLevel(this.#cache, file, onMissing)];
  }

  /** What XcodeGen itself writes into the project. */
  #defaults(targetName: string, entitlements: PlistInline | undefined, info: PlistInline | undefined): Level {
    const level = new Map<
      string,
      { name: string; value: string; conditions: []; file: string; range: Location['range'] }[]
    >();
    const set = (name: string, value: string | undefined, range: Location['range'], file = this.#file): void => {
      if (value !== undefined) level.set(name, [{ name, value, conditions: [], file, range }]);
    };
    const prefix = stringAt(this.#section('options', 'bundleIdPrefix'));
    const start = { start: 0, end: 0 };
    if (prefix !== undefined)
      set('PRODUCT_BUNDLE_IDENTIFIER', `${prefix}.${targetName.replace(/[^\w-]/g, '-')}`, start);
    if (entitlements)
      set('CODE_SIGN_ENTITLEMENTS', entitlements.path, entitlements.place.range, entitlements.place.file);
    if (info) set('INFOPLIST_FILE', info.path, info.place.range, info.place.file);
    return level;
  }
}

/** By identity; the tree is as deep as the text. */
function contains(root: PlistValue, value: PlistValue): boolean {
  if (root === value) return true;
  if (root.kind === 'array') return root.items.some((i) => contains(i, value));
  return root.kind === 'dict' && root.entries.some((e) => e.value !== undefined && contains(e.value, value));
}

/** Whether a YAML file is such a description at all. */
export function isXcodeGen(cache: FileCache, file: string): boolean {
  const root = cache.yaml(file)?.root;
  const targets = entry(root, 'targets')?.value;
  return entriesOf(targets).some(
    ({ value }) => lookup(value, 'type') !== undefined || lookup(value, 'templates') !== undefined,
  );
}

export function xcodegenTargets(cache: FileCache, file: string): ProjectTargets {
  const problems = (cache.yaml(file)?.errors ?? []).map((e) => ({ file, ...e }));
  // With a mistake in it, what is absent proves nothing.
  return { targets: problems.length > 0 ? [] : new Description(cache, file).targets(), problems };
}
