// What all language features share: the service, the projects, and which documents they are for.
import * as vscode from 'vscode';
import { createEntitlementsService } from '../../entitlements/service.ts';
import type { EntitlementsService } from '../../entitlements/service.ts';
import { lintSettings } from './config.ts';
import type { FileLookup, Place } from './convert.ts';
import { placeIn, placeInText } from './convert.ts';
import type { FolderProject } from './projects.ts';
import { Projects } from './projects.ts';

export const languageId = 'apple-entitlements';

/** Property lists; which of them the features speak of, their content decides. */
export const plistSelector: vscode.DocumentSelector = [
  { language: languageId },
  { pattern: '**/*.{plist,entitlements,xcent}' },
];
/** Files in which names of the project stand. */
export const projectSelector: vscode.DocumentSelector = [
  { language: languageId },
  { scheme: 'file', pattern: '**/*.{plist,entitlements,swift,m,mm,h,hh,hpp,c,cc,cpp,pbxproj,xcconfig,yml,yaml}' },
];

/** A document as the service knows it. */
export interface Subject {
  readonly file: string;
  readonly text: string;
  readonly service: EntitlementsService;
  readonly project: FolderProject | undefined;
}

export class Language implements vscode.Disposable {
  readonly projects = new Projects();
  readonly #services = new Map<FolderProject | undefined, EntitlementsService>();

  dispose(): void {
    this.projects.dispose();
  }

  subject(document: vscode.TextDocument): Subject {
    const found = this.projects.of(document.uri);
    const project = found?.project.files.hasProject ? found.project : undefined;
    return {
      file: found?.file ?? document.uri.path,
      text: document.getText(),
      service: this.#service(project),
      project,
    };
  }

  #service(project: FolderProject | undefined): EntitlementsService {
    let service = this.#services.get(project);
    if (!service) {
      service = createEntitlementsService({
        project: () => project?.index,
        config: () => project?.config ?? lintSettings(),
      });
      this.#services.set(project, service);
    }
    return service;
  }

  /** Whether the text of `document` is entitlements, an Info.plist or neither. */
  purpose(document: vscode.TextDocument) {
    const { service, file, text } = this.subject(document);
    return service.parse(file, text).purpose;
  }

  /** Files of a project; open ones as they are shown. */
  lookup(project: FolderProject): FileLookup & { text(file: string): string | undefined } {
    const open = (file: string): vscode.TextDocument | undefined => {
      const uri = project.uri(file).toString();
      return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
    };
    const text = (file: string): string | undefined => open(file)?.getText() ?? project.workspace.cache.text(file);
    return {
      uri: (file) => project.uri(file),
      text,
      place(file): Place | undefined {
        const document = open(file);
        if (document) return placeIn(document);
        const content = text(file);
        return content === undefined ? undefined : placeInText(content);
      },
    };
  }

  /** The lookup of a document that belongs to no project: itself alone. */
  alone(document: vscode.TextDocument): FileLookup & { text(file: string): string | undefined } {
    return { uri: () => document.uri, place: () => placeIn(document), text: () => document.getText() };
  }

  lookupFor(document: vscode.TextDocument): FileLookup & { text(file: string): string | undefined } {
    const { project } = this.subject(document);
    return project ? this.lookup(project) : this.alone(document);
  }
}
