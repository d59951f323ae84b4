// Objects that are compiled again only when what they are made from changed: the source, each header it included, the
// compiler and its flags, all by content. Objects of equal flags are shared between what is linked from them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

export const shortHash = (...parts) => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

const contents = new Map();
/** By content; a file is read once per run. */
function contentHash(file) {
  let hash = contents.get(file);
  if (hash === undefined) {
    const full = path.resolve(root, file);
    hash = existsSync(full) ? createHash('sha256').update(readFileSync(full)).digest('hex') : 'absent';
    contents.set(file, hash);
  }
  return hash;
}

/** The prerequisites in a makefile that -MD wrote. */
export const prerequisites = (text) =>
  text
    .replace(/\\\r?\n/g, ' ')
    .replace(/^[^:]*:\s/, '')
    .trim()
    .split(/(?<!\\)\s+/)
    .map((name) => name.replaceAll('\\ ', ' '));

/**
 * One object. `flags` are all that the compiler gets beside source and output; `compiler` names it with its version.
 * Files below one of `constant` are known by the compiler's name already.
 */
export function objectOf({ source, compiler, flags, folder, constant = [] }) {
  const directory = path.join(folder, shortHash(compiler, ...flags));
  const object = path.join(directory, `${source.replaceAll('/', '_')}.o`);
  const record = `${object}.made-from`;
  const deps = `${object}.d`;
  const inputs = () => {
    const names = prerequisites(readFileSync(deps, 'utf8')).filter((f) => !constant.some((c) => f.startsWith(c)));
    return shortHash(...names.flatMap((name) => [name, contentHash(name)]));
  };
  return {
    source,
    object,
    /** What the compiler is given. */
    args: [...flags, '-MD', '-MF', deps, '-c', source, '-o', object],
    fresh: () =>
      existsSync(object) && existsSync(deps) && existsSync(record) && readFileSync(record, 'utf8') === inputs(),
    prepare: () => mkdirSync(directory, { recursive: true }),
    record: () => writeFileSync(record, inputs()),
    hash: () => contentHash(object),
  };
}

/** A file that is made from objects by a command: made again when one of them or the command changed, or it is gone. */
export function linkOf({ output, objects, command, folder }) {
  const record = path.join(folder, `${output.replaceAll('/', '_')}.linked`);
  const now = () => shortHash(...command, ...objects.map((o) => o.hash()));
  const made = () => contentHashNow(output);
  return {
    fresh: () =>
      existsSync(path.resolve(root, output)) &&
      existsSync(record) &&
      readFileSync(record, 'utf8') === `${now()} ${made()}`,
    record: () => writeFileSync(record, `${now()} ${made()}`),
  };
}

/** A file as an input of a link. */
export const fileInput = (file) => ({ hash: () => contentHashNow(file) });

const contentHashNow = (file) =>
  createHash('sha256')
    .update(readFileSync(path.resolve(root, file)))
    .digest('hex')
    .slice(0, 16);
