// One project model per workspace folder, kept in step with the disk and with what is typed.
import path from 'node:path';
import * as vscode from 'vscode';
import type { ProjectConfig } from '../../project/config.ts';
import { configFile, parseConfig } from '../../project/config.ts';
import { isSkipped } from '../../project/skip.ts';
import { ModelIndex } from '../../project/projectIndex.ts';
import type { ProjectModel } from '../../project/workspace.ts';
import { Workspace } from '../../project/workspace.ts';
import { lintSettings, withSettings } from './config.ts';
import { FolderFiles } from './folderFiles.ts';

/** Quiet time after a change until the project is looked at again. Single files are checked sooner. */
const settleAfter = 250; // milliseconds

export class FolderProject {
  readonly folder: vscode.Uri;
  readonly files: FolderFiles;
  readonly workspace: Workspace;
  readonly #pending = new Set<string>();
  #index: { readonly model: ProjectModel; readonly index: ModelIndex } | undefined;

  constructor(folder: vscode.Uri) {
    this.folder = folder;
    this.files = new FolderFiles(folder.fsPath);
    this.workspace = new Workspace(this.files);
  }

  touch(file: string): void {
    this.#pending.add(file);
  }

  /** Takes over what changed since; true where something did. */
  settle(): boolean {
    if (this.#pending.size === 0) return false;
    this.workspace.invalidate([...this.#pending]);
    this.#pending.clear();
    return true;
  }

  /** Of the state last settled. */
  get index(): ModelIndex {
    const { model } = this.workspace;
    if (this.#index?.model !== model) this.#index = { model, index: new ModelIndex(model) };
    return this.#index.index;
  }

  get config(): ProjectConfig {
    return withSettings(parseConfig(this.workspace.cache.text(configFile)), lintSettings(this.folder));
  }

  uri(file: string): vscode.Uri {
    return vscode.Uri.joinPath(this.folder, ...file.split('/'));
  }
}

export class Projects implements vscode.Disposable {
  readonly #folders = new Map<string, FolderProject>();
  readonly #changed = new vscode.EventEmitter<FolderProject>();
  /** The project settled after a change, or was read for the first time. */
  readonly onDidSettle = this.#changed.event;
  readonly #owned: vscode.Disposable[] = [this.#changed];
  readonly #timers = new Map<FolderProject, NodeJS.Timeout>();

  constructor() {
    const { workspace } = vscode;
    for (const { uri } of workspace.workspaceFolders ?? []) this.#add(uri);
    this.#owned.push(
      workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) this.#folders.delete(uri.toString());
        for (const { uri } of added) this.#add(uri);
      }),
      workspace.onDidOpenTextDocument((document) => this.#shown(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.#shown(document)),
      workspace.onDidCloseTextDocument((document) => this.#shown(document, true)),
    );
    const watcher = workspace.createFileSystemWatcher('**/*');
    this.#owned.push(
      watcher,
      ...[watcher.onDidCreate, watcher.onDidDelete, watcher.onDidChange].map((on) =>
        on((uri) => void this.#onDisk(uri)),
      ),
    );
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const owned of this.#owned) owned.dispose();
  }

  get all(): readonly FolderProject[] {
    return [...this.#folders.values()].filter((project) => project.files.hasProject);
  }

  /** The project a file belongs to, and the file's path in it. */
  of(uri: vscode.Uri): { readonly project: FolderProject; readonly file: string } | undefined {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    const project = folder && this.#folders.get(folder.uri.toString());
    if (!project) return undefined;
    return { project, file: path.posix.relative(project.folder.path, uri.path) };
  }

  /** For requests that must see what was typed a moment ago. */
  fresh(uri: vscode.Uri): { readonly project: FolderProject; readonly file: string } | undefined {
    const found = this.of(uri);
    if (found?.project.settle()) this.#soon(found.project);
    return found;
  }

  #add(folder: vscode.Uri): void {
    // The extension runs where the files are, so their paths are paths of this machine; others have no project.
    if (folder.scheme !== 'file') return;
    const project = new FolderProject(folder);
    this.#folders.set(folder.toString(), project);
    void project.files.scan().then(() => {
      for (const document of vscode.workspace.textDocuments) this.#shown(document);
      project.workspace.invalidate([]);
      if (project.files.hasProject) this.#changed.fire(project);
    });
  }

  #shown(document: vscode.TextDocument, closed = false): void {
    const found = this.of(document.uri);
    if (!found || isSkipped(found.file)) return;
    const { project, file } = found;
    project.files.show(file, closed ? undefined : document.getText());
    project.touch(file);
    this.#soon(project);
  }

  async #onDisk(uri: vscode.Uri): Promise<void> {
    const found = this.of(uri);
    if (!found || isSkipped(found.file)) return;
    const changed = await found.project.files.look(found.file);
    for (const file of changed) found.project.touch(file);
    if (changed.length > 0) this.#soon(found.project);
  }

  #soon(project: FolderProject): void {
    clearTimeout(this.#timers.get(project));
    this.#timers.set(
      project,
      setTimeout(() => {
        this.#timers.delete(project);
        project.settle();
        this.#changed.fire(project);
      }, settleAfter),
    );
  }
}
