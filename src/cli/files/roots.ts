// From the paths of a command line to projects. What is named is judged within the project around it: a variable that
// only the project knows would otherwise look unknown.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isWithin } from '../../project/files.ts';
import { Failure } from '../failure.ts';
import { readFolder } from './folder.ts';

export interface Root {
  /** Absolute. */
  readonly folder: string;
  /** Which files are reported; relative to the folder. */
  readonly reports: (file: string) => boolean;
  /** Files that were asked for by name; relative to the folder. */
  readonly named: readonly string[];
}

/** How far above a path its project is looked for. */
const maxLevels = 10;

const isDescription = (name: string): boolean => /\.xcodeproj$|^project([.-][\w.-]+)?\.ya?ml$/i.test(name);
const isOther = (name: string): boolean => /^(\.flowtaprc|Package\.swift|[Mm]akefile|GNUmakefile|\.git)$/.test(name);

export function rootsOf(paths: readonly string[], cwd: string): readonly Root[] {
  /** Root folder -> what of it is asked for; '' is all. */
  const asked = new Map<string, { readonly parts: Set<string>; readonly named: Set<string> }>();
  const ask = (folder: string, absolute: string, isFile = false): void => {
    const relative = path.relative(folder, absolute).split(path.sep).join('/');
    const { parts, named } = asked.get(folder) ?? { parts: new Set(), named: new Set() };
    asked.set(folder, { parts: parts.add(relative), named: isFile ? named.add(relative) : named });
  };
  for (const given of paths) {
    const absolute = path.resolve(cwd, given);
    const stat = statOf(absolute, given);
    if (stat.isDirectory() && /\.(xcodeproj|xcworkspace)$/.test(absolute))
      ask(path.dirname(absolute), path.dirname(absolute));
    else if (stat.isDirectory()) ask(projectAround(absolute) ?? absolute, absolute);
    else if (stat.isFile()) {
      requireReadable(absolute, given);
      ask(projectOf(path.dirname(absolute)), absolute, true);
    } else throw new Failure(2, `cannot read ${given}: neither a file nor a folder`, 'Give files and folders.');
  }
  return [...asked].map(([folder, { parts, named }]) => ({
    folder,
    named: [...named],
    reports: (file) => [...parts].some((part) => isWithin(file, part)),
  }));
}

function statOf(absolute: string, given: string): fs.Stats {
  try {
    return fs.statSync(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or folder' : (code ?? 'unreadable');
    throw new Failure(2, `cannot read ${given}: ${why}`, 'Give files and folders that exist.');
  }
}

function requireReadable(absolute: string, given: string): void {
  try {
    fs.accessSync(absolute, fs.constants.R_OK);
  } catch {
    throw new Failure(2, `cannot read ${given}: permission denied`, 'Make it readable, or leave it out.');
  }
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
};

/** The nearest folder from `from` upwards that has such a name in it; never beyond a repository or the home folder. */
function above(from: string, is: (name: string) => boolean): string | undefined {
  let folder = from;
  for (let i = 0; i < maxLevels; i++) {
    const names = namesIn(folder);
    if (names.some(is)) return folder;
    const parent = path.dirname(folder);
    if (names.includes('.git') || folder === os.homedir() || parent === folder || parent === path.parse(parent).root)
      break;
    folder = parent;
  }
  return undefined;
}

/** Of a folder that holds no project itself: the project it is a part of. */
function projectAround(folder: string): string | undefined {
  const found = above(folder, isDescription);
  if (found === undefined || found === folder) return found;
  const inside = readFolder(folder)
    .list()
    .some((file) => file.endsWith('.xcodeproj/project.pbxproj') || isDescription(path.basename(file)));
  return inside ? undefined : found;
}

const projectOf = (folder: string): string => above(folder, isDescription) ?? above(folder, isOther) ?? folder;
