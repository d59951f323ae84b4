// What lies beside the targets: launchd jobs and scripts.
import type { Location } from '../../entitlements/project.ts';
import { entriesOf, lookup } from '../../plist/value.ts';
import type { FileCache } from '../cache.ts';
import { extension } from '../files.ts';
import type { Target } from '../model.ts';

export interface LaunchdService {
  readonly name: string;
  readonly location: Location;
}

/** MachServices of the launchd jobs of the project. */
export function launchdServices(cache: FileCache): readonly LaunchdService[] {
  return [...cache.paths]
    .filter((p) => extension(p) === 'plist')
    .flatMap((file) => {
      if (!cache.text(file)?.includes('MachServices')) return [];
      return entriesOf(lookup(cache.plist(file)?.root, 'MachServices')).map((e) => ({
        name: e.key,
        location: { file, range: e.keyRange },
      }));
    });
}

const scriptName = /(^|\/)(GNU)?[Mm]akefile$|(^|\/)([Jj]ustfile|Rakefile|Fastfile|CMakeLists\.txt)$/;
const scriptExtensions: ReadonlySet<string> = new Set(['sh', 'bash', 'zsh', 'py', 'rb', 'mk', 'cmake', 'yml', 'yaml']);

/** Whether a build phase or a script beside the project says something; such a script can do what no phase does. */
export function scriptsMention(pattern: RegExp, targets: readonly Target[], cache: FileCache): boolean {
  if (targets.some((target) => target.scripts.some((script) => pattern.test(script)))) return true;
  for (const path of cache.paths)
    if ((scriptName.test(path) || scriptExtensions.has(extension(path))) && pattern.test(cache.text(path) ?? ''))
      return true;
  return false;
}
