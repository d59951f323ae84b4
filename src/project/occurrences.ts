// Every place where a name that several files must agree on is written.
import type { TextRange } from '../entitlements/finding.ts';
import type { SymbolKind } from '../entitlements/project.ts';
import { entriesOf, entry, lookup, stringsOf } from '../plist/value.ts';
import type { PlistString } from '../plist/value.ts';
import type { Configuration, PlistUse } from './model.ts';
import { groupsKey } from './rules/keys.ts';
import type { ProjectModel } from './workspace.ts';

export interface Occurrence {
  readonly kind: SymbolKind;
  /** As the defining file writes it. */
  readonly name: string;
  readonly file: string;
  readonly range: TextRange;
  readonly definition: boolean;
  /** In code the variables of the name stand replaced. */
  readonly inCode: boolean;
}

class Collector {
  readonly all: Occurrence[] = [];
  readonly #seen = new Set<string>();
  /** Resolved text -> name as written, for the literals of code. */
  readonly #resolved = new Map<string, { kind: SymbolKind; name: string }[]>();

  add(kind: SymbolKind, name: string, file: string, range: TextRange, definition: boolean, inCode = false): void {
    const key = `${kind}\0${name}\0${file}\0${range.start}`;
    if (name === '' || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.all.push({ kind, name, file, range, definition, inCode });
  }

  define(kind: SymbolKind, value: PlistString, use: PlistUse, configuration: Configuration): void {
    if (!use.part) return;
    this.add(kind, value.value, use.part.file, value.inner, true);
    const { text, complete } = configuration.settings.expand(value.value);
    if (complete) this.resolves(kind, text, value.value);
  }

  resolves(kind: SymbolKind, text: string, name: string): void {
    const list = this.#resolved.get(text) ?? [];
    if (!list.some((r) => r.kind === kind && r.name === name)) this.#resolved.set(text, [...list, { kind, name }]);
  }
  texts(): Iterable<string> {
    return this.#resolved.keys();
  }
  named(text: string): readonly { kind: SymbolKind; name: string }[] {
    return this.#resolved.get(text) ?? [];
  }
}

export function collectOccurrences(model: ProjectModel): readonly Occurrence[] {
  const collector = new Collector();
  for (const target of model.targets)
    for (const configuration of target.configurations) definitions(collector, configuration);
  // A group's name begins the names below it.
  const groups = collector.all.filter((o) => o.kind === 'app-group').map((o) => o.name);
  for (const { kind, name, file, range } of collector.all)
    if (kind === 'mach-name')
      for (const group of new Set(groups))
        if (name.startsWith(`${group}.`) || name === group)
          collector.add('app-group', group, file, { start: range.start, end: range.start + group.length }, false);
  code(collector, model);
  return collector.all;
}

function definitions(collector: Collector, configuration: Configuration): void {
  const { entitlements, info, settings } = configuration;
  for (const group of stringsOf(entry(entitlements.part?.root, groupsKey)?.value))
    collector.define('app-group', group, entitlements, configuration);
  const mach = lookup(info.part?.root, 'NetworkExtension', 'NEMachServiceName');
  if (mach?.kind === 'string') collector.define('mach-name', mach, info, configuration);
  const id = settings.get('PRODUCT_BUNDLE_IDENTIFIER');
  if (id?.from) {
    const { file, range, value } = id.from;
    collector.add('bundle-id', value, file, inner(range, value), true);
    if (id.complete) collector.resolves('bundle-id', id.text, value);
  }
  const own = lookup(info.part?.root, 'CFBundleIdentifier');
  if (own?.kind === 'string' && !own.value.includes('$')) collector.define('bundle-id', own, info, configuration);
  for (const { value } of entriesOf(lookup(info.part?.root, 'NetworkExtension', 'NEProviderClasses')))
    if (value?.kind === 'string' && info.part) {
      const name = value.value.slice(value.value.lastIndexOf('.') + 1);
      collector.add(
        'provider-class',
        name,
        info.part.file,
        { start: value.inner.end - name.length, end: value.inner.end },
        false,
      );
    }
}

/** Within quotes, if there are any. */
const inner = ({ start, end }: TextRange, value: string): TextRange =>
  end - start === value.length + 2 ? { start: start + 1, end: end - 1 } : { start, end };

function code(collector: Collector, model: ProjectModel): void {
  const providers = new Set(collector.all.filter((o) => o.kind === 'provider-class').map((o) => o.name));
  const files = new Set(model.targets.flatMap((t) => t.sources));
  const wanted = [...collector.texts(), ...providers];
  for (const file of files) {
    const source = model.cache.text(file);
    // Most files write none of the names.
    if (source === undefined || !wanted.some((text) => source.includes(text))) continue;
    const facts = model.cache.source(file);
    for (const literal of facts?.strings ?? []) {
      const text = source.slice(literal.start, literal.end);
      const at = literal.start + text.indexOf(literal.value);
      for (const { kind, name } of collector.named(literal.value))
        collector.add(kind, name, file, { start: at, end: at + literal.value.length }, false, true);
    }
    for (const declared of facts?.classes ?? [])
      if (providers.has(declared.name)) collector.add('provider-class', declared.name, file, declared, true, true);
  }
}
