// A project for tests of the language services: names at places, found by text.
import type { Location, ProjectIndex, SymbolKind, TargetRole } from '../../src/entitlements/project.ts';

export interface FakeProject {
  readonly files: Readonly<Record<string, string>>;
  readonly names: Readonly<Partial<Record<SymbolKind, readonly string[]>>>;
  readonly roles?: readonly TargetRole[];
  readonly processedBy?: 'xcode' | 'raw';
  readonly variables?: Readonly<Record<string, readonly string[]>>;
  readonly points?: readonly string[];
  readonly listeners?: readonly string[];
  readonly clients?: readonly string[];
}

export function projectIndex(project: FakeProject): ProjectIndex {
  const places = (name: string, files = Object.keys(project.files)): Location[] =>
    files.flatMap((file) =>
      [...project.files[file]!.matchAll(new RegExp(`(?<=[>"])${name.replace(/[.$()*]/g, '\\$&')}(?=[<"])`, 'g'))].map(
        (m) => ({
          file,
          range: { start: m.index, end: m.index + name.length },
        }),
      ),
    );
  return {
    roles: () => project.roles ?? [],
    processedBy: () => project.processedBy,
    resolve(_file, text) {
      let outcomes = [text];
      for (const [name, values] of Object.entries(project.variables ?? {}))
        outcomes = outcomes.flatMap((o) =>
          o.includes(`$(${name})`) ? values.map((v) => o.replaceAll(`$(${name})`, v)) : [o],
        );
      return outcomes.some((o) => o.includes('$(')) ? undefined : [...new Set(outcomes)];
    },
    symbols: (kind) => project.names[kind] ?? [],
    symbolAt(file, offset) {
      for (const [kind, names] of Object.entries(project.names))
        for (const name of names ?? [])
          for (const place of places(name, [file]))
            if (place.range.start <= offset && offset <= place.range.end)
              return { kind: kind as SymbolKind, name, range: place.range };
      return undefined;
    },
    definitions: (_kind, name) => places(name).slice(0, 1),
    references: (_kind, name) => places(name),
    rename: (_kind, name, to) => places(name).map(({ file, range }) => ({ file, ...range, text: to })),
    endpoint: (name) => ({
      listeners: places(name, [...(project.listeners ?? [])]),
      clients: places(name, [...(project.clients ?? [])]),
    }),
    providerPoints: () => project.points,
  };
}
