// Parsed files, kept while their text stays the same: what makes an update after one changed file cheap.
import { parseOpenStep } from '../plist/openstep.ts';
import { parsePlist } from '../plist/plist.ts';
import { parseProfile } from '../plist/profile.ts';
import { parseYamlProject } from '../plist/projectYaml.ts';
import type { YamlProject } from '../plist/projectYaml.ts';
import { lookup } from '../plist/value.ts';
import type { PlistDocument } from '../plist/value.ts';
import { parseXcconfig } from '../plist/xcconfig.ts';
import type { XcconfigLine } from '../plist/xcconfig.ts';
import type { ProjectFiles } from './files.ts';
import { isRelevant, scanSource } from './source/scan.ts';
import type { ProfileUse } from './profileUse.ts';
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
  /** Whether `source` can hold more than constants and names. */
  isRelevant(path: string): boolean {
    return this.#parsed(path, 'relevant', (text) => isRelevant(path, text)) ?? false;
  }
  /** Headers by the names a file includes them by, without a look at its comments. */
  includes(path: string): readonly string[] {
    return (
      this.#parsed(path, 'includes', (text) =>
        [...text.matchAll(/^[ \t]*#[ \t]*(?:import|include)[ \t]*"([^"\n]+)"/gm)].map((m) => m[1] ?? ''),
      ) ?? []
    );
  }
  /** Of any format. From the bytes where they can be had: they tell binary plists, marks and encodings. */
  plist(path: string): PlistDocument | undefined {
    return this.#parsed(path, 'plist', (text) => parsePlist(this.bytes(path) ?? text), true);
  }
  profile(path: string): ProfileUse | undefined {
    return this.#parsed(path, 'profile', () => this.#profile(path), true);
  }
  #profile(path: string): ProfileUse | undefined {
    const bytes = this.bytes(path);
    const found = bytes && parseProfile(bytes);
    if (!found || !('profile' in found)) return undefined;
    const { name, uuid, teamIds, kind, expires, certificates, document } = found.profile;
    return {
      file: path,
      name: name || undefined,
      uuid: uuid || undefined,
      entitlements: lookup(document.root, 'Entitlements'),
      teams: teamIds,
      expires: expires === '' || Number.isNaN(Date.parse(expires)) ? undefined : new Date(expires),
      certificates: certificates.map(({ commonName }) => commonName).filter(Boolean),
      kind,
    };
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

  /** `binary`: a file that is no text is parsed too. */
  #parsed<T>(path: string, kind: string, parse: (text: string) => T, binary = false): T | undefined {
    const { text, parsed } = this.#entry(path);
    if (text === undefined && !(binary && this.paths.has(path))) return undefined;
    if (!parsed.has(kind)) parsed.set(kind, parse(text ?? ''));
    return parsed.get(kind) as T;
  }
}
