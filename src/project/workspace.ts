// The project as a whole, rebuilt on demand from cached files.
import type { FileCache } from './cache.ts';
import { FileCache as Cache } from './cache.ts';
import { dirname, extension, isWithin } from './files.ts';
import type { ProjectFiles } from './files.ts';
import { inferredTargets } from './inferred.ts';
import type { ProjectProblem, Target } from './model.ts';
import { xcodeTargets } from './xcode.ts';
import { isXcodeGen, xcodegenTargets } from './xcodegen.ts';

export interface ProjectModel {
  readonly cache: FileCache;
  readonly targets: readonly Target[];
  readonly problems: readonly ProjectProblem[];
  /** Folders with a project description; what lies in them is built by it unless something else says so. */
  readonly governed: readonly string[];
}

export function buildModel(cache: FileCache): ProjectModel {
  const targets: Target[] = [];
  const problems: ProjectProblem[] = [];
  const folders: string[] = [];
  const take = (found: { targets: readonly Target[]; problems: readonly ProjectProblem[] }, folder: string): void => {
    targets.push(...found.targets);
    problems.push(...found.problems);
    // A description that cannot be read governs its folder all the same: nothing is guessed in its place.
    if (found.targets.length > 0 || found.problems.length > 0) folders.push(folder);
  };
  for (const path of cache.paths)
    if (path.endsWith('.xcodeproj/project.pbxproj')) take(xcodeTargets(cache, path), dirname(dirname(path)));
  const xcode = new Set(folders);
  for (const path of cache.paths) {
    if (!['yml', 'yaml'].includes(extension(path)) || !/(^|\/)project([.-][\w.-]+)?\.ya?ml$/i.test(path)) continue;
    // A project that was generated from it and is kept beside it says the same, and is what Xcode builds.
    const folder = dirname(path);
    if (!xcode.has(folder) && isXcodeGen(cache, path)) take(xcodegenTargets(cache, path), folder);
  }
  targets.push(...inferredTargets(cache, (path) => folders.some((folder) => isWithin(path, folder))));
  return { cache, targets, problems, governed: folders };
}

export class Workspace {
  readonly #cache: FileCache;
  #model: ProjectModel | undefined;

  constructor(files: ProjectFiles) {
    this.#cache = new Cache(files);
  }

  get cache(): FileCache {
    return this.#cache;
  }

  /** After files changed, came or went. */
  invalidate(paths: readonly string[]): void {
    this.#cache.invalidate(paths);
    this.#model = undefined;
  }

  /** The text that the ranges of a file's findings count in: of a plist the decoded one. */
  textOf(file: string): string | undefined {
    const isPlist = ['plist', 'entitlements'].includes(extension(file));
    return (isPlist ? this.#cache.plist(file)?.text : undefined) ?? this.#cache.text(file);
  }

  get model(): ProjectModel {
    return (this.#model ??= buildModel(this.#cache));
  }
}
