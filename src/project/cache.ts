// Parsed files, kept while their text stays the same: what makes an update after one changed file cheap.
import { parseOpenStep } from '../plist/openstep.ts';
import { parseYamlProject } from '../plist/projectYaml.ts';
import type { YamlProject } from '../plist/projectYaml.ts';
import type { PlistDocument } from '../plist/value.ts';
import { parseXcconfig } from '../plist/xcconfig.ts';
import type { XcconfigLine } from '../plist/xcconfig.ts';
import { parseXmlPlist } from '../plist/xml.ts';
import type { ProjectFiles } from './files.ts';
import { scanSource } from './source/scan.ts';
import type { SourceFacts } from './source/facts.ts';

type Parsed = Map<string, unknown>;

export class FileCache {
  readonly #files: ProjectFiles;
  readonly #texts = new Map<string, { readonly text: string | undefined; readonly parsed: Parsed }>();
  #paths: ReadonlySet<string> | undefined;

  constructor(files: ProjectFiles) {
    this.#files = files;
  }

  /** Forgets what was read of these files; all of the list when a file came or went. */
  invalidate(paths: readonly string[]): void {
    for (const path of paths) this.#texts.delete(path);
    this.#paths = undefined;
  }

  get paths(): ReadonlySet<string> {
    return (this.#paths ??= new Set(this.#files.list()));
  }

  text(path: string): string | undefined {
    return this.#entry(path).text;
  }

  bytes(path: string): Uint8Array | undefined {
    return this.paths.has(path) ? this.#files.readBytes?.(path) : undefined;
  }

  source(path: string): SourceFacts | undefined {
    return this.#parsed(path, 'source', (text) => scanSource(path, text));
  }
  /** XML or OpenStep, by what the text begins with. */
  plist(path: string): PlistDocument | undefined {
    return this.#parsed(path, 'plist', (text) => (/^\W*[{(]/.test(text) ? parseOpenStep(text) : parseXmlPlist(text)));
  }
  openStep(path: string): PlistDocument | undefined {
    return this.#parsed(path, 'openstep', parseOpenStep);
  }
  xcconfig(path: string): readonly XcconfigLine[] | undefined {
    return this.#parsed(path, 'xcconfig', parseXcconfig);
  }
  yaml(path: string): YamlProject | undefined {
    return this.#parsed(path, 'yaml', parseYamlProject);
  }

  #entry(path: string) {
    let entry = this.#texts.get(path);
    if (!entry) {
      entry = { text: this.paths.has(path) ? this.#files.read(path) : undefined, parsed: new Map() };
      this.#texts.set(path, entry);
    }
    return entry;
  }

  #parsed<T>(path: string, kind: string, parse: (text: string) => T): T | undefined {
    const { text, parsed } = this.#entry(path);
    if (text === undefined) return undefined;
    if (!parsed.has(kind)) parsed.set(kind, parse(text));
    return parsed.get(kind) as T;
  }
}
