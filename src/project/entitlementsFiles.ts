// Which files are entitlements, and who turns them into a signature.
import { entriesOf } from '../plist/value.ts';
import type { FileCache } from './cache.ts';
import { basename, extension, isWithin } from './files.ts';
import type { Target } from './model.ts';
import type { ProjectModel } from './workspace.ts';

const packagers =
  /(^|\/)((GNU)?[Mm]akefile|[Jj]ustfile|Rakefile|CMakeLists\.txt|tauri\.conf\.json5?|Tauri\.toml|package\.json|electron-builder\.(json5?|ya?ml|js|cjs)|forge\.config\.[cm]?[jt]s)$|\.(sh|bash|zsh|mk|cmake|py)$/;

const byKeys = (cache: FileCache, path: string): boolean => {
  const text = cache.text(path);
  if (text === undefined || text.length > 200_000 || !/com\.apple\.(security|developer)\./.test(text)) return false;
  const keys = entriesOf(cache.plist(path)?.root).map((e) => e.key);
  return (
    keys.length > 0 &&
    keys.every((k) =>
      /^(com\.apple\.(security|developer|private|vm|application-identifier)|keychain-access-groups|aps-environment|get-task-allow)/.test(
        k.trim(),
      ),
    )
  );
};

/** By extension, by use in a target, by name and content. */
export function entitlementsFiles(model: ProjectModel): readonly string[] {
  const found = new Set<string>();
  for (const target of model.targets)
    for (const { entitlements } of target.configurations)
      if (entitlements.state === 'present' && entitlements.part?.document && entitlements.path !== undefined)
        found.add(entitlements.path);
  for (const path of model.cache.paths)
    if (extension(path) === 'entitlements') found.add(path);
    else if (extension(path) === 'plist' && (/entitlements/i.test(basename(path)) || byKeys(model.cache, path)))
      found.add(path);
  return [...found];
}

/** Targets with the configurations that sign with `file`. */
export const usersOf = (model: ProjectModel, file: string) =>
  model.targets.flatMap((target) =>
    target.configurations
      .filter((c) => c.entitlements.path === file || c.info.path === file)
      .map((configuration) => ({ target, configuration })),
  );

const projectOrigins: readonly Target['origin'][] = ['xcode', 'xcodegen'];

export function processedBy(model: ProjectModel, file: string): 'xcode' | 'raw' | undefined {
  if (usersOf(model, file).some(({ target }) => projectOrigins.includes(target.origin))) return 'xcode';
  const name = basename(file);
  for (const path of model.cache.paths)
    if (packagers.test(path) && model.cache.text(path)?.includes(name)) return 'raw';
  // Which target signs with it can be said on xcodebuild's command line, or in a file that is not here.
  return model.governed.some((folder) => isWithin(file, folder)) ? 'xcode' : undefined;
}
