// The tree "Signing & endpoints": made anew when a project settles, and only while it is shown.
import * as vscode from 'vscode';
import { contextKeys, views } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { Diagnostics } from '../language/diagnostics.ts';
import type { Language } from '../language/language.ts';
import type { FolderProject } from '../language/projects.ts';
import type { SigningNode } from './model.ts';
import { signingNodes } from './model.ts';

/** Findings change in bursts; one picture of them is enough. */
const settle = 150; // milliseconds

/** A node with the project it is of, and what is above it. */
export interface Element {
  readonly node: SigningNode;
  readonly project: FolderProject;
  readonly parent: Element | undefined;
  readonly path: string;
}

const colors: Readonly<Record<string, string>> = {
  error: 'problemsErrorIcon.foreground',
  warning: 'problemsWarningIcon.foreground',
  info: 'problemsInfoIcon.foreground',
};

export class SigningView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly tree: vscode.TreeView<Element>;
  readonly #language: Language;
  readonly #diagnostics: Diagnostics;
  readonly #app: App;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #owned: vscode.Disposable[] = [this.#changed];
  #timer: NodeJS.Timeout | undefined;
  #stale = true;

  constructor(app: App, language: Language, diagnostics: Diagnostics) {
    this.#app = app;
    this.#language = language;
    this.#diagnostics = diagnostics;
    this.tree = vscode.window.createTreeView(views.signing, { treeDataProvider: this, showCollapseAll: true });
    this.#owned.push(
      this.tree,
      this.tree.onDidChangeVisibility(({ visible }) => visible && this.#stale && this.refresh()),
      diagnostics.onDidChange(() => this.#soon()),
      language.projects.onDidSettle(() => this.#soon()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#soon()),
    );
    this.#soon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const owned of this.#owned) owned.dispose();
  }

  #soon(): void {
    this.#stale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#app.keys.set(contextKeys.hasProject, this.#language.projects.all.length > 0);
      if (this.tree.visible) this.refresh();
    }, settle);
  }

  refresh(): void {
    this.#stale = false;
    this.#changed.fire(undefined);
  }

  getChildren(element?: Element): Element[] {
    if (element) return this.#elements(element.node.children, element.project, element);
    return this.#language.projects.all.flatMap((project) => {
      const { model } = project.workspace;
      return this.#elements(
        signingNodes(model, this.#diagnostics.findingsOf(project), vscode.l10n.t),
        project,
        undefined,
      );
    });
  }

  #elements(nodes: readonly SigningNode[], project: FolderProject, parent: Element | undefined): Element[] {
    const base = parent?.path ?? project.folder.toString();
    return nodes.map((node) => ({ node, project, parent, path: `${base}\0${node.id}` }));
  }

  getParent(element: Element): Element | undefined {
    return element.parent;
  }

  getTreeItem({ node, project, path, parent }: Element): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children.length === 0 ? None : node.open ? Expanded : Collapsed);
    item.id = path;
    if (node.description) item.description = node.description;
    item.tooltip = node.tooltip ?? [node.label, node.description].filter(Boolean).join('\n');
    const color = node.severity && (parent ? colors[node.severity] : undefined);
    item.iconPath = new vscode.ThemeIcon(node.icon, color ? new vscode.ThemeColor(color) : undefined);
    item.accessibilityInformation = {
      label: [node.label, node.description, node.severity].filter(Boolean).join(', '),
    };
    if (node.location) {
      const { file, range } = node.location;
      const place = this.#language.lookup(project).place(file);
      // The place only: a long selection would scroll its beginning away.
      const start = place?.(range).start;
      item.command = {
        command: 'vscode.open',
        title: vscode.l10n.t('Go to'),
        arguments: [
          project.uri(file),
          ...(start ? [{ selection: new vscode.Range(start, start), preview: true }] : []),
        ],
      };
    }
    return item;
  }
}
