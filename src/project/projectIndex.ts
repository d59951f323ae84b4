// What the single-file services ask of the project: who uses a file, what its variables mean, where names stand.
import type { TextEdit } from '../entitlements/finding.ts';
import type { Location, ProcessedBy, ProjectIndex, SymbolKind, TargetRole } from '../entitlements/project.ts';
import { entriesOf, lookup } from '../plist/value.ts';
import { encodeText } from '../plist/xmlText.ts';
import { extension } from './files.ts';
import { usersOf } from './entitlementsFiles.ts';
import { collectOccurrences } from './occurrences.ts';
import type { Occurrence } from './occurrences.ts';
import { Processing } from './processing.ts';
import { ProjectContext } from './rules/context.ts';
import { suppliedKeys } from './rules/X021.ts';
import { asName, hasVariable } from './settings.ts';
import type { ProjectModel } from './workspace.ts';

const here = ({ file, range }: Occurrence): Location => ({ file, range });

export class ModelIndex implements ProjectIndex {
  readonly #model: ProjectModel;
  readonly #context: ProjectContext;
  #occurrences: readonly Occurrence[] | undefined;
  readonly #processing: Processing;

  constructor(model: ProjectModel) {
    this.#model = model;
    this.#context = new ProjectContext(model, { severity: () => undefined });
    this.#processing = new Processing(model);
  }

  get #all(): readonly Occurrence[] {
    return (this.#occurrences ??= collectOccurrences(this.#model));
  }

  roles(file: string): readonly TargetRole[] {
    return usersOf(this.#model, file).map(({ target, configuration }) => {
      const bundleId = this.#context.bundleId(configuration);
      return {
        target: target.name,
        productType: target.productType,
        platform: configuration.platform,
        configuration: configuration.name,
        configurationKind: configuration.kind,
        signing: this.#context.signing(configuration),
        bundleId: bundleId?.complete ? bundleId.text : undefined,
        teamId: configuration.settings.value('DEVELOPMENT_TEAM') || undefined,
        supplied: new Map(
          suppliedKeys.flatMap(([setting, key]): (readonly [string, boolean | string])[] => {
            const said = configuration.settings.flag(setting);
            // Set to what cannot be read: neither on nor off.
            if (said === undefined && configuration.settings.get(setting)) return [[key, 'unknown']];
            return said === undefined ? [] : [[key, said]];
          }),
        ),
      };
    });
  }

  processedBy(file: string): ProcessedBy | undefined {
    return this.#processing.of(file);
  }

  resolve(file: string, text: string): readonly string[] | undefined {
    if (!hasVariable(text)) return [text];
    const results = usersOf(this.#model, file).map(({ configuration }) =>
      asName(text, configuration.settings.expand(text)),
    );
    if (results.length === 0 || results.some((r) => !r.complete)) return undefined;
    return [...new Set(results.map((r) => r.text))];
  }

  symbols(kind: SymbolKind): readonly string[] {
    return [...new Set(this.#all.filter((o) => o.kind === kind).map((o) => o.name))].sort();
  }

  symbolAt(file: string, offset: number) {
    const hits = this.#all.filter((o) => o.file === file && o.range.start <= offset && offset <= o.range.end);
    // The whole name before the group that begins it.
    const [widest] = hits.sort((a, b) => b.range.end - b.range.start - (a.range.end - a.range.start));
    return widest && { kind: widest.kind, name: widest.name, range: widest.range };
  }

  definitions(kind: SymbolKind, name: string): readonly Location[] {
    return this.#all.filter((o) => o.kind === kind && o.name === name && o.definition).map(here);
  }
  references(kind: SymbolKind, name: string): readonly Location[] {
    return this.#all.filter((o) => o.kind === kind && o.name === name).map(here);
  }

  rename(kind: SymbolKind, name: string, to: string): readonly TextEdit[] | { readonly refused: string } {
    const hits = this.#all.filter((o) => o.kind === kind && o.name === name);
    if (hits.length === 0) return { refused: `“${name}” stands in no file of the project.` };
    const pattern = kind === 'provider-class' ? /^[A-Za-z_]\w*$/ : /^[\w.$(){}:-]+$/;
    if (!pattern.test(to)) return { refused: `“${to}” is no name for this.` };
    if (hasVariable(to) && hits.some((o) => o.inCode))
      return { refused: 'Code holds this name as text, where build variables are not replaced.' };
    return hits.map(({ file, range }) => ({
      file,
      ...range,
      text: ['plist', 'entitlements'].includes(extension(file)) ? encodeText(to) : to,
    }));
  }

  endpoint(name: string): { readonly listeners: readonly Location[]; readonly clients: readonly Location[] } {
    const resolved = new Set([name]);
    for (const target of this.#model.targets)
      for (const configuration of target.configurations) {
        const mach = this.#context.machName(configuration);
        if (mach?.raw === name) resolved.add(mach.text);
      }
    const find = (role: 'listeners' | 'clients'): readonly Location[] => {
      const found = new Map<string, Location>();
      for (const target of this.#model.targets)
        for (const use of this.#context[role](target)) {
          const computed = use.name === undefined && this.#context.sysexes.length === 1;
          if (computed || (use.name !== undefined && resolved.has(use.name)))
            found.set(`${use.file}:${use.object.start}`, {
              file: use.file,
              range: { start: use.object.start, end: use.object.end },
            });
        }
      return [...found.values()];
    };
    return { listeners: find('listeners'), clients: find('clients') };
  }

  providerPoints(file: string): readonly string[] | undefined {
    const users = usersOf(this.#model, file);
    if (users.length === 0 || users.some(({ configuration }) => !this.#context.knowsInfo(configuration)))
      return undefined;
    return [
      ...new Set(
        users.flatMap(({ configuration }) =>
          entriesOf(lookup(configuration.info.part?.root, 'NetworkExtension', 'NEProviderClasses')).map((e) => e.key),
        ),
      ),
    ];
  }
}
