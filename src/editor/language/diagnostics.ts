// Findings as diagnostics. A property list is checked by itself right after each keystroke; the project as a whole
// once typing pauses. Each has its own collection, so that neither waits for the other.
import * as vscode from 'vscode';
import type { Finding } from '../../entitlements/finding.ts';
import { lintProject } from '../../project/lint.ts';
import { settings } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { onDidChangeSettings } from '../settings.ts';
import { lintSettings } from './config.ts';
import { diagnosticOf } from './convert.ts';
import type { Language } from './language.ts';
import { plistSelector } from './language.ts';
import type { FolderProject } from './projects.ts';

/** Keystrokes that come closer together are checked once. */
const quiet = 15; // milliseconds

const isSingleFile = (finding: Finding): boolean => finding.rule.startsWith('ENT');

export class Diagnostics implements vscode.Disposable {
  readonly #language: Language;
  readonly #log: vscode.LogOutputChannel;
  readonly #single = vscode.languages.createDiagnosticCollection('flowtap');
  readonly #project = vscode.languages.createDiagnosticCollection('flowtap-project');
  /** What the project said of each file, for the quick fixes. */
  readonly #found = new Map<FolderProject, ReadonlyMap<string, readonly Finding[]>>();
  readonly #timers = new Map<vscode.TextDocument, NodeJS.Timeout>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #owned: vscode.Disposable[] = [this.#single, this.#project, this.#changed];

  constructor(app: App, language: Language) {
    this.#language = language;
    this.#log = app.log;
    const { workspace } = vscode;
    this.#owned.push(
      workspace.onDidOpenTextDocument((document) => {
        this.check(document);
        this.#republish(document);
      }),
      workspace.onDidChangeTextDocument(({ document }) => this.#soon(document)),
      workspace.onDidCloseTextDocument((document) => {
        clearTimeout(this.#timers.get(document));
        this.#timers.delete(document);
        this.#single.delete(document.uri);
        this.#republish(document);
      }),
      language.projects.onDidSettle((project) => this.checkProject(project)),
      onDidChangeSettings([settings.lintEnable, settings.lintRules, settings.lintAllowedKeys], () => this.checkAll()),
    );
    this.checkAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const owned of this.#owned) owned.dispose();
  }

  checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.check(document);
    for (const project of this.#language.projects.all) this.checkProject(project);
  }

  #soon(document: vscode.TextDocument): void {
    clearTimeout(this.#timers.get(document));
    this.#timers.set(
      document,
      setTimeout(() => {
        this.#timers.delete(document);
        this.check(document);
      }, quiet),
    );
  }

  check(document: vscode.TextDocument): void {
    if (document.isClosed || vscode.languages.match(plistSelector, document) === 0) return;
    if (!lintSettings(document.uri).enabled) return this.#single.delete(document.uri);
    const { service, file, text } = this.#language.subject(document);
    const findings = this.#guard(file, () => service.validate(file, text));
    const lookup = this.#language.lookupFor(document);
    const place = lookup.place(file)!;
    this.#single.set(
      document.uri,
      findings.map((finding) => diagnosticOf(finding, place, lookup)),
    );
    this.#changed.fire();
  }

  checkProject(project: FolderProject): void {
    const enabled = lintSettings(project.folder).enabled;
    const started = performance.now();
    const findings = enabled
      ? this.#guard(project.folder.fsPath, () => lintProject(project.workspace, { config: project.config }).findings)
      : [];
    const files = new Map<string, Finding[]>();
    for (const finding of findings) files.set(finding.file, [...(files.get(finding.file) ?? []), finding]);
    const gone = [...(this.#found.get(project)?.keys() ?? [])].filter((file) => !files.has(file));
    this.#found.set(project, files);
    for (const file of gone) this.#project.delete(project.uri(file));
    for (const file of files.keys()) this.#publish(project, file);
    const took = (performance.now() - started).toFixed(1);
    this.#log.debug(`Checked ${project.folder.fsPath}: ${findings.length} findings in ${took} ms`);
    // Roles and variables of the project decide what is said of a single file.
    for (const document of vscode.workspace.textDocuments)
      if (this.#language.projects.of(document.uri)?.project === project) this.check(document);
    this.#changed.fire();
  }

  /** Findings of the project in a file; without those of the single file, where an editor shows it. */
  projectFindings(project: FolderProject, file: string, open: boolean): readonly Finding[] {
    const findings = this.#found.get(project)?.get(file) ?? [];
    return open ? findings.filter((finding) => !isSingleFile(finding)) : findings;
  }

  /** Everything that was found in a project, the single files' own included. */
  findingsOf(project: FolderProject): readonly Finding[] {
    return [...(this.#found.get(project)?.values() ?? [])].flat();
  }

  #republish(document: vscode.TextDocument): void {
    const found = this.#language.projects.of(document.uri);
    if (found && this.#found.get(found.project)?.has(found.file)) this.#publish(found.project, found.file);
  }

  #publish(project: FolderProject, file: string): void {
    const uri = project.uri(file);
    const lookup = this.#language.lookup(project);
    const place = lookup.place(file);
    const open = vscode.workspace.textDocuments.some((d) => !d.isClosed && d.uri.toString() === uri.toString());
    const findings = this.projectFindings(project, file, open);
    this.#project.set(uri, place ? findings.map((finding) => diagnosticOf(finding, place, lookup)) : []);
  }

  /** A defect of a rule must not take the editor's features down with it. */
  #guard(name: string, run: () => readonly Finding[]): readonly Finding[] {
    try {
      return run();
    } catch (error) {
      this.#log.error(`The check of ${name} failed`, error instanceof Error ? error : String(error));
      return [];
    }
  }
}
