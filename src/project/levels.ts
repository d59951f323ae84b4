// From files to the levels that build settings are looked up in.
import { lookup } from '../plist/value.ts';
import type { PlistEntry, PlistValue } from '../plist/value.ts';
import { parseConditions } from '../plist/xcconfig.ts';
import type { FileCache } from './cache.ts';
import { dirname, join } from './files.ts';
import type { Assignment, Level } from './settings.ts';

/** More included files than this is a mistake or an attack. */
const maxIncludes = 200;

class LevelBuilder {
  readonly #level = new Map<string, Assignment[]>();

  add(assignment: Assignment): void {
    const list = this.#level.get(assignment.name);
    if (list) list.push(assignment);
    else this.#level.set(assignment.name, [assignment]);
  }
  get level(): Level {
    return this.#level;
  }
}

/** What a setting's value is as text: Xcode joins lists with spaces and writes booleans as YES and NO. */
export function settingText(value: PlistValue | undefined): string | undefined {
  switch (value?.kind) {
    case 'string':
      return value.value;
    case 'boolean':
      return value.value ? 'YES' : 'NO';
    case 'integer':
    case 'real':
      return String(value.value);
    case 'array':
      return value.items.map((item) => settingText(item) ?? '').join(' ');
    default:
      return undefined;
  }
}

/** A dictionary of settings: `"NAME[sdk=macosx*]" = value`. */
export function dictLevel(file: string, entries: readonly PlistEntry[]): Level {
  const builder = new LevelBuilder();
  for (const { key, value, range } of entries) {
    const text = settingText(value);
    const bracket = key.indexOf('[');
    const name = (bracket < 0 ? key : key.slice(0, bracket)).trim();
    const conditions = bracket < 0 ? [] : parseConditions(key.slice(bracket));
    if (text !== undefined) builder.add({ name, value: text, conditions, file, range: value?.range ?? range });
  }
  return builder.level;
}

/**
 * An .xcconfig with what it includes, in order; a file that includes itself is read once on each path. An optional
 * include that is absent here may be there on the developer's machine, so it counts as missing too.
 */
export function xcconfigLevel(cache: FileCache, path: string, onMissing?: (path: string) => void): Level {
  const builder = new LevelBuilder();
  let budget = maxIncludes;
  const read = (file: string, open: ReadonlySet<string>): void => {
    const lines = cache.xcconfig(file);
    if (!lines) {
      onMissing?.(file);
      return;
    }
    for (const line of lines) {
      if (line.kind === 'assignment') {
        const { name, value, conditions, valueRange } = line;
        builder.add({ name, value, conditions, file, range: valueRange });
        continue;
      }
      const included = join(dirname(file), line.path.endsWith('.xcconfig') ? line.path : `${line.path}.xcconfig`);
      if (included === undefined) onMissing?.(line.path);
      else if (!open.has(included) && budget-- > 0) read(included, new Set(open).add(included));
    }
  };
  read(path, new Set([path]));
  return builder.level;
}

/** Two levels as one: `over` wins where both assign. */
export function merged(over: Level, under: Level): Level {
  const level = new Map(under);
  for (const [name, list] of over) level.set(name, list);
  return level;
}

export const stringAt = (value: PlistValue | undefined, ...path: readonly string[]): string | undefined =>
  settingText(lookup(value, ...path));
