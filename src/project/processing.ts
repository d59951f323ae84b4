// Who turns an entitlements file into a signature: Xcode, which expands variables and drops comments, or codesign,
// which takes the file as it is.
import type { ProcessedBy } from '../entitlements/project.ts';
import { usersOf } from './entitlementsFiles.ts';
import { basename, dirname, isWithin } from './files.ts';
import type { Target } from './model.ts';
import type { ProjectModel } from './workspace.ts';

const packager =
  /(^|\/)((GNU)?[Mm]akefile|[Jj]ustfile|Rakefile|Fastfile|CMakeLists\.txt|tauri\.conf\.json5?|Tauri\.toml|package\.json|electron-builder\.(json5?|ya?ml|js|cjs)|forge\.config\.[cm]?[jt]s)$|\.(sh|bash|zsh|mk|cmake|py|rb)$/;
/** Descriptions from which tools make an Xcode project, or process the file as Xcode does. */
const generator = /(^|\/)(Project\.swift|BUILD(\.bazel)?|premake\w*\.lua)$|\.(xcconfig|pro|pri|bzl)$/;
/** Builds with ways of their own to sign. */
const other = /(^|\/)meson\.build$|\.gni?$/;
/** In CMake's XCODE_ATTRIBUTE_…, on the command line of xcodebuild, in generated projects. */
const xcodeSetting = /CODE_SIGN_ENTITLEMENTS/;
/** A line of a script that edits property lists, or writes the prefix itself. */
const rewriting =
  /PlistBuddy|plutil\s+-(replace|insert|remove)|plistlib|IdentifierPrefix|\b(sed|perl|envsubst)\b.*(entitlements|\.plist|team)/i;
const data = /\.(json5?|toml|ya?ml)$/;

const projectOrigins: readonly Target['origin'][] = ['xcode', 'xcodegen'];

interface Description {
  readonly path: string;
  readonly text: string;
}

export class Processing {
  readonly #model: ProjectModel;
  readonly #known = new Map<string, ProcessedBy | undefined>();
  #descriptions: readonly Description[] | undefined;
  #dotNet: readonly string[] | undefined;

  constructor(model: ProjectModel) {
    this.#model = model;
  }

  of(file: string): ProcessedBy | undefined {
    if (!this.#known.has(file)) this.#known.set(file, this.#find(file));
    return this.#known.get(file);
  }

  /** Texts that could say it; the files of a project are many, those that speak of entitlements few. */
  get #texts(): readonly Description[] {
    return (this.#descriptions ??= [...this.#model.cache.paths]
      .filter((path) => packager.test(path) || generator.test(path) || other.test(path))
      .map((path) => ({ path, text: this.#model.cache.text(path) ?? '' }))
      .filter(({ text }) => /entitlements|\.plist/i.test(text)));
  }

  #find(file: string): ProcessedBy | undefined {
    if (usersOf(this.#model, file).some(({ target }) => projectOrigins.includes(target.origin))) return 'xcode';
    const governed = this.#model.governed.some((folder) => isWithin(file, folder));
    const mentions = this.#mentions(file);
    if (mentions.some(({ path, text }) => generator.test(path) || xcodeSetting.test(text))) return 'xcode';
    if (mentions.some(({ path }) => other.test(path))) return 'mixed';
    // Some configuration of the project signs with a file whose name is not known: it can be this one.
    if (mentions.length > 0 && governed && this.#unresolved(file)) return 'mixed';
    if (mentions.some(({ path, text }) => !data.test(path) && rewriting.test(text))) return 'mixed';
    if (mentions.length > 0) return 'raw';
    // Which target signs with it can be said on xcodebuild's command line, or in a file that is not here.
    if (governed) return 'xcode';
    if (this.#isDotNet(file)) return 'mixed';
    return this.#texts.some(({ text }) => xcodeSetting.test(text)) ? 'mixed' : undefined;
  }

  /** With the folder's name where any has it: entitlements.plist alone can be another's. */
  #mentions(file: string): readonly Description[] {
    const literal = (text: string): string => text.replace(/[\W_]/g, '\\$&');
    const name = `${literal(basename(file))}(?![\\w-])`;
    const named = (pattern: RegExp): readonly Description[] => this.#texts.filter(({ text }) => pattern.test(text));
    const folder = basename(dirname(file));
    const exact = folder === '' ? [] : named(new RegExp(`(?<![\\w.-])${literal(folder)}/${name}`));
    return exact.length > 0 ? exact : named(new RegExp(`(?<![\\w.-])${name}`));
  }

  /** The build of .NET takes Entitlements.plist beside a project unasked, expands it and writes it anew. */
  #isDotNet(file: string): boolean {
    this.#dotNet ??= [...this.#model.cache.paths].filter((p) => /[.](cs|fs|vb)proj$/.test(p)).map(dirname);
    return this.#dotNet.some((folder) => isWithin(file, folder));
  }

  #unresolved(file: string): boolean {
    const folders = this.#model.governed.filter((folder) => isWithin(file, folder));
    return this.#model.targets.some(
      (target) =>
        projectOrigins.includes(target.origin) &&
        folders.some((folder) => isWithin(target.place.file, folder)) &&
        target.configurations.some((c) => c.entitlements.state === 'unresolved'),
    );
  }
}
