// Which files are entitlements, and who signs with them.
import { entriesOf } from '../plist/value.ts';
import type { FileCache } from './cache.ts';
import { basename, extension } from './files.ts';
import type { ProjectModel } from './workspace.ts';

const family =
  /^(com\.apple\.(security|developer|private|vm|application-identifier)|keychain-access-groups|aps-environment|get-task-allow)/;
const claim = /^com\.apple\.(security|developer)\./;

/** Every key of the file is one of entitlements; of a file that was named for it, one is enough. */
function byKeys(cache: FileCache, path: string, named: boolean): boolean {
  const text = cache.text(path);
  if (text !== undefined && (text.length > 200_000 || !/com\.apple\.(security|developer)\./.test(text))) return false;
  // Without a text it may be binary.
  const keys = entriesOf(cache.plist(path)?.root).map((e) => e.key.trim());
  return keys.some((k) => claim.test(k)) && (named || keys.every((k) => family.test(k)));
}

/** By extension, by use in a target, by name and content. */
export function entitlementsFiles(model: ProjectModel, named: readonly string[] = []): readonly string[] {
  const found = new Set<string>();
  for (const target of model.targets)
    for (const { entitlements } of target.configurations)
      if (entitlements.state === 'present' && entitlements.part?.document && entitlements.path !== undefined)
        found.add(entitlements.path);
  for (const path of model.cache.paths)
    if (extension(path) === 'entitlements') found.add(path);
    else if (extension(path) === 'plist' && (/entitlements/i.test(basename(path)) || byKeys(model.cache, path, false)))
      found.add(path);
  for (const path of named) if (byKeys(model.cache, path, true)) found.add(path);
  return [...found];
}

/** Targets with the configurations that sign with `file`. */
export const usersOf = (model: ProjectModel, file: string) =>
  model.targets.flatMap((target) =>
    target.configurations
      .filter((c) => c.entitlements.path === file || c.info.path === file)
      .map((configuration) => ({ target, configuration })),
  );
