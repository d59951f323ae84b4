// The edit of an Xcode project file that embeds a system extension: a Copy Files phase, as Xcode itself writes it.
import type { TextEdit } from '../entitlements/finding.ts';
import { entriesOf, entry, lookup } from '../plist/value.ts';
import type { FileCache } from './cache.ts';
import { stringAt } from './levels.ts';
import type { Target } from './model.ts';

/** undefined where the file does not hold both targets in the usual form. */
export function embedPhase(cache: FileCache, app: Target, sysex: Target): readonly TextEdit[] | undefined {
  const { project } = app;
  if (app.origin !== 'xcode' || sysex.project !== project) return undefined;
  const objects = lookup(cache.openStep(project)?.root, 'objects');
  const idOf = (target: Target): string => target.id.slice(project.length + 1);
  const owner = entry(objects, idOf(app))?.value;
  const phases = entry(owner, 'buildPhases')?.value;
  const product = stringAt(entry(objects, idOf(sysex))?.value, 'productReference');
  const [first] = entriesOf(objects);
  if (phases?.kind !== 'array' || product === undefined || !first) return undefined;
  const taken = new Set(entriesOf(objects).map((e) => e.key));
  const file = newId(`${idOf(sysex)} in ${idOf(app)}`, taken);
  const phase = newId(`phase of ${idOf(app)}`, taken);
  const added = [
    `${file} /* ${plain(sysex.name)} in Embed System Extensions */ = {isa = PBXBuildFile; fileRef = ${product}; settings = {ATTRIBUTES = (RemoveHeadersOnCopy, ); }; };`,
    `${phase} /* Embed System Extensions */ = {`,
    '\tisa = PBXCopyFilesBuildPhase;',
    '\tbuildActionMask = 2147483647;',
    '\tdstPath = "$(SYSTEM_EXTENSIONS_FOLDER_PATH)";',
    '\tdstSubfolderSpec = 16;',
    '\tfiles = (',
    `\t\t${file} /* ${plain(sysex.name)} in Embed System Extensions */,`,
    '\t);',
    '\tname = "Embed System Extensions";',
    '\trunOnlyForDeploymentPostprocessing = 0;',
    '};',
  ];
  const text = cache.text(project) ?? '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const last = phases.items.at(-1);
  // After the last phase and its comment; a list that is empty has only its brackets.
  const end = last ? afterItem(text, last.range.end) : phases.inner.start;
  const comma = last && !text.slice(last.range.end, end).includes(',') ? ',' : '';
  const reference = `${phase} /* Embed System Extensions */,`;
  return [
    { file: project, start: first.range.start, end: first.range.start, text: added.join(`${eol}\t\t`) + `${eol}\t\t` },
    { file: project, start: end, end, text: `${comma}${eol}\t\t\t\t${reference}${last ? '' : `${eol}\t\t\t`}` },
  ];
}

const plain = (name: string): string => name.replace(/\*\//g, '');

/** Past the comment and the comma that follow an item. */
const afterItem = (text: string, at: number): number =>
  at + (/^[ \t]*(?:\/\*(?:[^*]|\*(?!\/))*\*\/)?[ \t]*,?/.exec(text.slice(at, at + 500))?.[0].length ?? 0);

/** 24 hexadecimal digits, the same for the same words: an edit that is made twice is the same edit. */
function newId(words: string, taken: Set<string>): string {
  for (let salt = 0; ; salt++) {
    const id = [1, 2, 3].map((part) => hash(`${part}${salt}${words}`)).join('');
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

/** FNV-1a. */
function hash(words: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) h = Math.imul(h ^ words.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16).toUpperCase().padStart(8, '0');
}
