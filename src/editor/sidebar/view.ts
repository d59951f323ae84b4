// The tree "Live connections": brings the model's changes to the screen, batched, and only what is shown.
import * as vscode from 'vscode';
import type { FlowChanges } from '../../flow/changes.ts';
import { recentFlows } from '../../flow/recent.ts';
import { contextKeys, views } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { limitedMode, losses, stateTitle } from '../proxy/describe.ts';
import { isProblem } from '../state.ts';
import type { GroupingId } from './grouping.ts';
import { groupings } from './grouping.ts';
import type { Element, FlowFilter, Group } from './elements.ts';
import { SidebarModel } from './model.ts';
import type { Presented, Scene } from './present.ts';
import { present } from './present.ts';
import { tooltip } from './tooltip.ts';

/** At least this long between two updates: at most 5 a second. */
const batch = 200; // milliseconds
/** Ages and rates, and what a batch left for later. */
const tick = 1000;
/** With more elements than this on the screen all of them are redrawn at most once a tick. */
const many = 500;

const { t } = vscode.l10n;

export class ConnectionsView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  readonly tree: vscode.TreeView<Element>;
  readonly model: SidebarModel;
  readonly #app: App;
  readonly #changed = new vscode.EventEmitter<Element | Element[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  /** What the screen shows of each element that was asked for. */
  readonly #shown = new Map<Element, string>();
  /** The rows of the groups that are open. */
  readonly #open = new Map<Group, readonly Element[]>();
  /** Groups whose rows changed while they were closed. */
  readonly #stale = new Set<Group>();
  readonly #owned: vscode.Disposable[] = [this.#changed];
  #filter = '';
  #timer: NodeJS.Timeout | undefined;
  #rootDue = false;
  #redrawn = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor(app: App, options: SidebarModel['options']) {
    this.#app = app;
    this.model = new SidebarModel(options, t);
    this.tree = vscode.window.createTreeView(views.connections, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#owned.push(
      this.tree,
      this.tree.onDidChangeVisibility(() => this.#visible()),
      this.tree.onDidExpandElement(({ element }) => this.#expanded(element)),
      this.tree.onDidCollapseElement(({ element }) => this.#collapsed(element)),
      this.tree.onDidChangeSelection(({ selection }) =>
        app.keys.set(
          contextKeys.hasSelection,
          selection.some((e) => e.kind !== 'more'),
        ),
      ),
      app.store.onDidChange((changes) => this.#note(changes)),
      app.proxy.onDidChangeState(() => this.#headline()),
    );
    this.#visible();
  }

  get filter(): string {
    return this.#filter;
  }

  /** `matches` is what the text means; undefined with an empty text. */
  setFilter(text: string, matches: FlowFilter | undefined): void {
    this.#filter = text;
    this.model.setFilter(matches);
    this.#app.keys.set(contextKeys.filtered, this.#filter !== '');
    this.flush();
  }

  setGrouping(id: GroupingId): void {
    this.model.configure({ grouping: groupings[id] });
    this.#app.keys.set(contextKeys.grouping, id);
    this.flush();
  }

  configure(options: Partial<SidebarModel['options']>): void {
    this.model.configure(options);
    this.flush();
  }

  // ---- vscode.TreeDataProvider ----

  getChildren(element?: Element): Element[] {
    if (!element) return this.model.groups();
    if (element.kind !== 'group') return [];
    const rows = this.model.rows(element);
    for (const row of this.#open.get(element) ?? []) this.#shown.delete(row);
    this.#open.set(element, rows);
    this.#stale.delete(element);
    return rows;
  }

  getParent(element: Element): Element | undefined {
    return element.kind === 'group' ? undefined : element.group;
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const shown = present(element, this.#scene());
    this.#shown.set(element, fingerprint(shown));
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const state = element.kind !== 'group' ? None : element.expand ? Expanded : Collapsed;
    const item = new vscode.TreeItem(shown.label, state);
    item.id = shown.id;
    item.description = shown.description;
    item.iconPath = new vscode.ThemeIcon(shown.icon, shown.colour ? new vscode.ThemeColor(shown.colour) : undefined);
    item.contextValue = shown.context;
    item.accessibilityInformation = { label: shown.spoken, role: 'treeitem' };
    return item;
  }

  /** Made only when somebody points at the row. */
  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    item.tooltip = new vscode.MarkdownString(tooltip(element, t, (group) => this.model.totals(group, now())));
    return item;
  }

  // ---- updates ----

  #note(changes: FlowChanges): void {
    this.model.note(changes);
    this.#app.keys.set(contextKeys.hasFlows, this.#app.store.size > 0);
    if (this.tree.visible) this.#timer ??= setTimeout(() => this.flush(), batch);
  }

  #settle(): ReturnType<SidebarModel['settle']> {
    const { store } = this.#app;
    return this.model.settle({ flow: (id) => store.flow(id), recent: (...of) => recentFlows(store, ...of) }, now());
  }

  /** Brings what changed to the screen now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.tree.visible) return;
    const { root, lists, rows } = this.#settle();
    if (this.model.behind) this.#timer ??= setTimeout(() => this.flush(), 0);
    this.#headline();
    if (root || this.#rootDue) {
      this.#redrawAll();
      return;
    }
    const changed: Element[] = [];
    for (const group of lists)
      if (this.#open.has(group)) changed.push(group);
      else this.#stale.add(group);
    for (const row of rows) if (!lists.has(row.group) && this.#differs(row)) changed.push(row);
    if (changed.length) this.#changed.fire(changed);
  }

  /** When a group came or went: the tree has no smaller step than all of it. */
  #redrawAll(): void {
    const wait = this.#shown.size > many ? this.#redrawn + tick - Date.now() : 0;
    this.#rootDue = wait > 0;
    if (this.#rootDue) {
      this.#timer ??= setTimeout(() => this.flush(), wait);
      return;
    }
    this.#redrawn = Date.now();
    this.#shown.clear();
    this.#stale.clear();
    this.#open.clear();
    this.#changed.fire(undefined);
  }

  /** Once a second: what changes with time alone, and the sums of the groups. */
  #tick(): void {
    this.flush();
    const changed = [...this.#shown.keys()].filter((element) => this.#differs(element));
    // A group's refresh asks for its rows again.
    const groups = new Set(changed.filter((element) => element.kind === 'group'));
    const rows = changed.filter((element) => element.kind === 'group' || !groups.has(element.group as Group));
    if (rows.length) this.#changed.fire(rows);
  }

  #differs(element: Element): boolean {
    const shown = this.#shown.get(element);
    return shown !== undefined && shown !== fingerprint(present(element, this.#scene()));
  }

  #scene(): Scene {
    const at = now();
    return { t, now: at, totals: (group) => this.model.totals(group, at) };
  }

  #visible(): void {
    clearInterval(this.#ticker);
    if (!this.tree.visible) return;
    this.#ticker = setInterval(() => this.#tick(), tick);
    this.flush();
  }

  #expanded(element: Element): void {
    if (element.kind !== 'group') return;
    if (this.#stale.has(element)) this.#changed.fire(element);
    else if (!this.#open.has(element)) this.#open.set(element, this.model.rows(element));
  }

  #collapsed(element: Element): void {
    if (element.kind !== 'group') return;
    for (const row of this.#open.get(element) ?? []) this.#shown.delete(row);
    this.#open.delete(element);
  }

  /** The lines around the tree: the filter, and what the tree does not say. */
  #headline(): void {
    const { proxy, store } = this.#app;
    this.tree.description = this.#filter ? t('filter: {0}', this.#filter) : limitedMode(this.#app.proxy.state, t);
    const lines: string[] = [];
    const { kind } = proxy.state;
    // An empty tree has a welcome view, which a message would hide.
    if (this.model.size > 0 && this.#filter)
      lines.push(t('Filter {0}: {1} of {2} connections', this.#filter, this.model.matching, this.model.size));
    if (this.model.size > 0 && kind !== 'running') {
      const title = stateTitle(kind, t);
      lines.push(isProblem(kind) ? `⚠ ${title}.` : `${title}.`);
    }
    if (this.model.size > 0) {
      const unlisted = store.liveCount - this.model.live;
      if (unlisted > 0) lines.push(t('{0} more open connections are not listed.', unlisted));
      lines.push(...losses(store, t));
    }
    this.tree.message = lines.join('\n');
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    for (const owned of this.#owned.splice(0).reverse()) owned.dispose();
  }
}

const now = (): number => Date.now() * 1000;

const fingerprint = (p: Presented): string => [p.label, p.description, p.icon, p.colour, p.context].join('\u0000');
