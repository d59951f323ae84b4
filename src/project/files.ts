// The files a project is read from, as a set of texts: the adapters (node, vscode) deal with links, sizes and
// files that vanish; the model sees only what could be read.

/** Paths are relative to the project's root, with `/`, without `.` and `..`. */
export interface ProjectFiles {
  list(): readonly string[];
  /** undefined where the file is absent, too large, unreadable, or no text. */
  read(path: string): string | undefined;
  /** For binary plists and provisioning profiles. */
  readBytes?(path: string): Uint8Array | undefined;
}

/** A file set in memory, for tests and the editor's unsaved documents. */
export function filesOf(
  texts: Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>,
): ProjectFiles {
  const map: ReadonlyMap<string, string | Uint8Array> = texts instanceof Map ? texts : new Map(Object.entries(texts));
  return {
    list: () => [...map.keys()],
    read: (path) => {
      const found = map.get(path);
      return typeof found === 'string' ? found : undefined;
    },
    readBytes: (path) => {
      const found = map.get(path);
      return typeof found === 'string' ? new TextEncoder().encode(found) : found;
    },
  };
}

/** Resolves `.` and `..`; undefined where the path leaves the root. */
export function normalise(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

export const join = (...parts: readonly string[]): string | undefined => normalise(parts.join('/'));

export const dirname = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** Lower case, without the dot; '' where there is none. */
export const extension = (path: string): string => {
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
};
export const isWithin = (path: string, folder: string): boolean =>
  folder === '' || path === folder || path.startsWith(`${folder}/`);
