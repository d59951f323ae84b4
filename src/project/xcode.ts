// Targets of an Xcode project file.
import type { TextRange } from '../entitlements/finding.ts';
import type { Location, ProductType } from '../entitlements/project.ts';
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
import type { FileCache } from './cache.ts';
import { basename, dirname, isWithin, join } from './files.ts';
import { dictLevel, stringAt, xcconfigLevel } from './levels.ts';
import type { Configuration, Embedding, ProjectProblem, Target } from './model.ts';
import type { Level } from './settings.ts';
import { isSkipped } from './skip.ts';

interface PbxObject {
  readonly id: string;
  readonly entry: PlistEntry;
  readonly value: PlistDict;
}

/** Groups nested deeper than this are a cycle. */
const maxGroupDepth = 64;

export interface ProjectTargets {
  readonly targets: readonly Target[];
  readonly problems: readonly ProjectProblem[];
}

class XcodeProject {
  readonly problems: ProjectProblem[] = [];
  readonly #cache: FileCache;
  readonly #file: string;
  readonly #name: string;
  readonly #objects = new Map<string, PbxObject>();
  /** Paths of file references and groups, relative to the root; undefined where outside. */
  readonly #paths = new Map<string, string | undefined>();
  readonly #folder: string;
  /** Configurations whose .xcconfig is not among the files. */
  readonly #missing = new Set<string>();
  readonly #project: PbxObject | undefined;

  constructor(cache: FileCache, file: string) {
    this.#cache = cache;
    this.#file = file;
    this.#name = basename(dirname(file)).replace(/\.xcodeproj$/, '');
    const document = cache.openStep(file);
    for (const problem of document?.errors.slice(0, 5) ?? []) this.problems.push({ file, ...problem });
    for (const e of entriesOf(lookup(document?.root, 'objects')))
      if (e.value?.kind === 'dict') this.#objects.set(e.key, { id: e.key, entry: e, value: e.value });
    const rootId = stringAt(document?.root, 'rootObject') ?? '';
    this.#project =
      this.#objects.get(rootId) ?? [...this.#objects.values()].find((o) => stringAt(o.value, 'isa') === 'PBXProject');
    const projectDir = stringAt(this.#project?.value, 'projectDirPath') ?? '';
    this.#folder = join(dirname(dirname(file)), projectDir) ?? dirname(dirname(file));
    const mainGroup = this.#ref(this.#project?.value, 'mainGroup');
    if (mainGroup) this.#walk(mainGroup, this.#folder, 0);
  }

  targets(): readonly Target[] {
    const targets: Target[] = [];
    for (const id of this.#list(this.#project?.value, 'targets')) {
      const object = this.#objects.get(id);
      const isa = stringAt(object?.value, 'isa');
      if (object && (isa === 'PBXNativeTarget' || isa === 'PBXAggregateTarget' || isa === 'PBXLegacyTarget'))
        targets.push(this.#target(object));
    }
    return targets;
  }

  #ref(value: PlistValue | undefined, key: string): PbxObject | undefined {
    return this.#objects.get(stringAt(value, key) ?? '');
  }
  #list(value: PlistValue | undefined, key: string): readonly string[] {
    return stringsOf(entry(value, key)?.value).map((s) => s.value);
  }
  #all(value: PlistValue | undefined, key: string): readonly PbxObject[] {
    return this.#list(value, key)
      .map((id) => this.#objects.get(id))
      .filter((o) => o !== undefined);
  }

  #walk(object: PbxObject, parent: string | undefined, depth: number): void {
    if (depth > maxGroupDepth || this.#paths.has(object.id)) return;
    const own = stringAt(object.value, 'path') ?? '';
    const tree = stringAt(object.value, 'sourceTree') ?? '<group>';
    let path: string | undefined;
    if (tree === '<group>') path = parent === undefined ? undefined : join(parent, own);
    else if (tree === 'SOURCE_ROOT') path = join(this.#folder, own);
    this.#paths.set(object.id, path);
    for (const child of this.#all(object.value, 'children')) this.#walk(child, path, depth + 1);
  }

  #level(configuration: PbxObject | undefined): readonly Level[] {
    if (!configuration) return [];
    const own = dictLevel(this.#file, entriesOf(lookup(configuration.value, 'buildSettings')));
    const anchor = stringAt(configuration.value, 'baseConfigurationReferenceAnchor');
    const relative = stringAt(configuration.value, 'baseConfigurationReferenceRelativePath');
    const reference = stringAt(configuration.value, 'baseConfigurationReference');
    let path = reference === undefined ? undefined : this.#paths.get(reference);
    if (anchor !== undefined && relative !== undefined) {
      const base = this.#paths.get(anchor);
      path = base === undefined ? undefined : join(base, relative);
    }
    if (path === undefined) {
      if (reference !== undefined || anchor !== undefined) this.#missing.add(configuration.id);
      return [own];
    }
    return [own, xcconfigLevel(this.#cache, path, () => this.#missing.add(configuration.id))];
  }

  #target(object: PbxObject): Target {
    const { value } = object;
    const name = stringAt(value, 'name') ?? object.id;
    const productType: ProductType =
      stringAt(value, 'isa') === 'PBXNativeTarget' ? productTypeOf(stringAt(value, 'productType') ?? '') : 'other';
    const nameEntry = entry(value, 'name');
    const place: Location = { file: this.#file, range: nameEntry?.value?.range ?? object.entry.keyRange };
    const { configurations, platform } = this.#configurations(value, name, productType);
    const { sources, complete } = this.#sources(object);
    const phases = this.#all(value, 'buildPhases');
    return {
      id: `${this.#file}#${object.id}`,
      name,
      productType,
      platform,
      origin: 'xcode',
      project: this.#file,
      place,
      configurations,
      sources,
      sourcesComplete: complete,
      embeds: phases.flatMap((phase) => this.#embeds(phase)),
      dependencies: this.#all(value, 'dependencies')
        .map((d) => stringAt(d.value, 'target'))
        .filter((id) => id !== undefined)
        .map((id) => `${this.#file}#${id}`),
      scripts: phases.map((phase) => stringAt(phase.value, 'shellScript')).filter((s) => s !== undefined),
    };
  }

  #configurations(value: PlistValue, targetName: string, productType: ProductType) {
    const ofProject = new Map<string, { levels: readonly Level[]; known: boolean }>();
    const projectList = this.#ref(this.#project?.value, 'buildConfigurationList');
    for (const c of this.#all(projectList?.value, 'buildConfigurations'))
      ofProject.set(stringAt(c.value, 'name') ?? '', { levels: this.#level(c), known: !this.#missing.has(c.id) });
    const configurations: Configuration[] = [];
    for (const c of this.#all(this.#ref(value, 'buildConfigurationList')?.value, 'buildConfigurations')) {
      const name = stringAt(c.value, 'name') ?? '';
      const project = ofProject.get(name);
      const levels = [...this.#level(c), ...(project?.levels ?? [])];
      const known = !this.#missing.has(c.id) && project?.known !== false;
      const input = { name, levels, known, targetName, projectName: this.#name, folder: this.#folder, productType };
      const platform = platformOf(settingsOf({ ...input, platform: undefined }), productType);
      configurations.push(buildConfiguration(this.#cache, { ...input, platform }));
    }
    return { configurations, platform: commonPlatform(configurations) };
  }

  #sources(target: PbxObject): { sources: readonly string[]; complete: boolean } {
    const sources = new Set<string>();
    let complete = true;
    const add = (path: string | undefined): void => {
      if (path !== undefined && this.#cache.paths.has(path) && (isSource(path) || isHeader(path))) sources.add(path);
      else if (path === undefined || isSource(path)) complete = false;
    };
    for (const phase of this.#all(target.value, 'buildPhases')) {
      if (stringAt(phase.value, 'isa') !== 'PBXSourcesBuildPhase') continue;
      for (const file of this.#all(phase.value, 'files')) {
        const reference = stringAt(file.value, 'fileRef');
        if (reference !== undefined) add(this.#paths.get(reference));
        else if (stringAt(file.value, 'productRef') === undefined) complete = false;
      }
    }
    const own = new Set(this.#list(target.value, 'fileSystemSynchronizedGroups'));
    for (const [id, group] of this.#objects) {
      if (stringAt(group.value, 'isa') !== 'PBXFileSystemSynchronizedRootGroup') continue;
      const folder = this.#paths.get(id);
      const exceptions = this.#all(group.value, 'exceptions').filter((e) => stringAt(e.value, 'target') === target.id);
      const listed = exceptions.flatMap((e) => this.#list(e.value, 'membershipExceptions'));
      if (folder === undefined) {
        if (own.has(id) || listed.length > 0) complete = false;
        continue;
      }
      const paths = new Set(listed.map((path) => join(folder, path)));
      // A member target lists what it leaves out, any other what it takes.
      if (own.has(id)) {
        for (const path of this.#cache.paths)
          if (isWithin(path, folder) && !excluded(paths, path) && (isSource(path) || isHeader(path))) sources.add(path);
      } else for (const path of this.#cache.paths) if (isWithin(path, folder) && excluded(paths, path)) add(path);
    }
    // Headers beside a source may hold the constants it uses.
    for (const path of sources) {
      const folder = dirname(path);
      for (const header of this.#headersIn(folder)) sources.add(header);
    }
    return { sources: [...sources].filter((p) => !isSkipped(p)), complete };
  }

  buildFileReference(targetId: string, path: string): TextRange | undefined {
    for (const phase of this.#all(this.#objects.get(targetId)?.value, 'buildPhases'))
      for (const file of this.#all(phase.value, 'files')) {
        const reference = entry(file.value, 'fileRef')?.value;
        if (reference?.kind === 'string' && this.#paths.get(reference.value) === path) return reference.inner;
      }
    return undefined;
  }

  #headers: Map<string, string[]> | undefined;
  #headersIn(folder: string): readonly string[] {
    if (!this.#headers) {
      this.#headers = new Map();
      for (const path of this.#cache.paths) {
        if (!isHeader(path)) continue;
        const list = this.#headers.get(dirname(path));
        if (list) list.push(path);
        else this.#headers.set(dirname(path), [path]);
      }
    }
    return this.#headers.get(folder) ?? [];
  }

  #embeds(phase: PbxObject): readonly Embedding[] {
    if (stringAt(phase.value, 'isa') !== 'PBXCopyFilesBuildPhase') return [];
    const found: Embedding[] = [];
    const spec = stringAt(phase.value, 'dstSubfolderSpec') ?? '';
    const path = stringAt(phase.value, 'dstPath') ?? '';
    for (const file of this.#all(phase.value, 'files')) {
      const product = stringAt(file.value, 'fileRef') ?? '';
      for (const [id, target] of this.#objects)
        if (product !== '' && stringAt(target.value, 'productReference') === product)
          found.push({
            target: `${this.#file}#${id}`,
            place: { file: this.#file, range: phase.entry.keyRange },
            destination: destinationOf(spec, path),
          });
    }
    return found;
  }
}

const excluded = (paths: ReadonlySet<string | undefined>, path: string): boolean => {
  for (let at = path; at !== ''; at = dirname(at)) if (paths.has(at)) return true;
  return false;
};

/** dstSubfolderSpec: 16 products directory, 13 plug-ins, 1 wrapper. */
function destinationOf(spec: string, path: string): Embedding['destination'] {
  if (/SYSTEM_EXTENSIONS_FOLDER_PATH|Library\/SystemExtensions/.test(path)) return 'system-extensions';
  if (/LoginItems|LaunchAgents|LaunchDaemons/.test(path)) return 'login-items';
  return spec === '13' || /PLUGINS_FOLDER_PATH|PlugIns|EXTENSIONS_FOLDER_PATH/.test(path) ? 'plug-ins' : 'other';
}

export function xcodeTargets(cache: FileCache, file: string): ProjectTargets {
  const project = new XcodeProject(cache, file);
  // A file with conflict markers or a missing bracket has lost some of its objects: what is absent proves nothing.
  return { targets: project.problems.length > 0 ? [] : project.targets(), problems: project.problems };
}

/** The place of the file reference's id in the build file by which a target compiles `path`. */
export function buildFileReference(cache: FileCache, target: Target, path: string): TextRange | undefined {
  return new XcodeProject(cache, target.project).buildFileReference(target.id.slice(target.project.length + 1), path);
}
