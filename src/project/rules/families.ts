// Which targets belong together, where one folder holds several projects: an ordinary app beside a Network Extension
// project is judged as if it stood alone.
import { dirname, isWithin } from '../files.ts';
import type { Target } from '../model.ts';
import { nearestApps } from './containers.ts';

export class Families {
  /** Folders with a Network Extension: of a project description, or around an inferred extension and its app. */
  readonly #described = new Set<string>();
  readonly #inferred: readonly string[];

  constructor(targets: readonly Target[], isExtension: (target: Target) => boolean) {
    const extensions = targets.filter(isExtension);
    for (const t of extensions) if (t.origin !== 'inferred') this.#described.add(folderOf(t));
    const apps = targets.filter((t) => t.origin === 'inferred' && t.productType === 'application');
    this.#inferred = extensions.filter((t) => t.origin === 'inferred').map((t) => nearestApps(apps, t).folder);
  }

  hasExtension(target: Target): boolean {
    if (target.origin !== 'inferred') return this.#described.has(folderOf(target));
    return this.#inferred.some((folder) => isWithin(target.place.file, folder));
  }

  same(a: Target, b: Target): boolean {
    if (a.origin !== 'inferred' && b.origin !== 'inferred') return folderOf(a) === folderOf(b);
    if (a.origin !== b.origin) return false;
    return this.#inferred.some((folder) => isWithin(a.place.file, folder) && isWithin(b.place.file, folder));
  }
}

/** Projects side by side in one folder are parts of one product. */
const folderOf = ({ origin, project }: Target): string =>
  origin === 'xcode' ? dirname(dirname(project)) : dirname(project);
