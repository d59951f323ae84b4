// Names that several files must agree on: go to definition, find references, rename, and who is at each end of a
// Mach name.
import * as vscode from 'vscode';
import type { Location } from '../../entitlements/project.ts';
import { lookup } from '../../plist/value.ts';
import { workspaceEditOf } from './convert.ts';
import type { Language } from './language.ts';
import { plistSelector, projectSelector } from './language.ts';
import type { FolderProject } from './projects.ts';

export function registerNavigation(language: Language): vscode.Disposable[] {
  const { languages } = vscode;

  const symbolAt = (document: vscode.TextDocument, position: vscode.Position) => {
    const found = language.projects.fresh(document.uri);
    if (!found?.project.files.hasProject) return undefined;
    const { project, file } = found;
    const symbol = project.index.symbolAt(file, document.offsetAt(position));
    return symbol && { project, file, symbol };
  };
  const places = (project: FolderProject, locations: readonly Location[]): vscode.Location[] => {
    const files = language.lookup(project);
    return locations.flatMap(({ file, range }) => {
      const place = files.place(file);
      return place ? [new vscode.Location(files.uri(file), place(range))] : [];
    });
  };

  return [
    languages.registerDefinitionProvider(projectSelector, {
      provideDefinition(document, position) {
        const at = symbolAt(document, position);
        return at && places(at.project, at.project.index.definitions(at.symbol.kind, at.symbol.name));
      },
    }),
    languages.registerReferenceProvider(projectSelector, {
      provideReferences(document, position, { includeDeclaration }) {
        const at = symbolAt(document, position);
        if (!at) return undefined;
        const { index } = at.project;
        const { kind, name } = at.symbol;
        const declared = index.definitions(kind, name);
        const isDeclared = (l: Location): boolean =>
          declared.some((d) => d.file === l.file && d.range.start === l.range.start);
        return places(
          at.project,
          index.references(kind, name).filter((l) => includeDeclaration || !isDeclared(l)),
        );
      },
    }),
    languages.registerRenameProvider(projectSelector, {
      prepareRename(document, position) {
        const at = symbolAt(document, position);
        const place = at && language.lookup(at.project).place(at.file);
        if (!place)
          throw new Error(vscode.l10n.t('No app group, Mach name, bundle id or provider class of the project here.'));
        return { range: place(at.symbol.range), placeholder: at.symbol.name };
      },
      provideRenameEdits(document, position, to) {
        const at = symbolAt(document, position);
        const edits = at?.project.index.rename(at.symbol.kind, at.symbol.name, to);
        if (!at || !edits) return undefined;
        if ('refused' in edits) throw new Error(edits.refused);
        // The editor has its own preview of a renaming.
        const files = language.lookup(at.project);
        const out = new vscode.WorkspaceEdit();
        for (const edit of edits) {
          const one = workspaceEditOf({ title: '', edits: [edit] }, files);
          for (const [uri, changes] of one?.entries() ?? []) out.set(uri, [...out.get(uri), ...changes]);
        }
        return out;
      },
    }),
    languages.registerCodeLensProvider(plistSelector, {
      onDidChangeCodeLenses: vscodeEvent(language),
      provideCodeLenses: (document) => endpointLenses(language, document, places),
    }),
  ];
}

const vscodeEvent =
  (language: Language): vscode.Event<void> =>
  (listener) =>
    language.projects.onDidSettle(() => listener());

function endpointLenses(
  language: Language,
  document: vscode.TextDocument,
  places: (project: FolderProject, locations: readonly Location[]) => vscode.Location[],
): vscode.CodeLens[] {
  language.projects.fresh(document.uri);
  const { service, file, text, project } = language.subject(document);
  const { document: plist, purpose } = service.parse(file, text);
  const name = lookup(plist.root, 'NetworkExtension', 'NEMachServiceName');
  if (!project || purpose !== 'info-plist' || name?.kind !== 'string') return [];
  const { listeners, clients } = project.index.endpoint(name.value);
  const at = document.positionAt(name.range.start);
  const range = new vscode.Range(at, at);
  const { t } = vscode.l10n;
  const lens = (title: string, found: readonly Location[]): vscode.CodeLens => {
    const locations = places(project, found);
    return new vscode.CodeLens(range, {
      title,
      command: locations.length === 0 ? '' : 'editor.action.showReferences',
      arguments: [document.uri, at, locations],
    });
  };
  return [
    lens(
      listeners.length === 0
        ? t('Nobody listens')
        : listeners.length === 1
          ? t('1 listener')
          : t('{0} listeners', listeners.length),
      listeners,
    ),
    lens(
      clients.length === 0
        ? t('Nobody connects')
        : clients.length === 1
          ? t('1 client')
          : t('{0} clients', clients.length),
      clients,
    ),
  ];
}
