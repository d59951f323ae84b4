// The filter's commands: by typing, and to what a row shows.
import * as vscode from 'vscode';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { Element } from './elements.ts';
import type { ConnectionsView } from './view.ts';

/** The query language with its regular expressions is loaded when a filter is first asked for. */
const language = (): Promise<typeof import('./filter.ts')> => import('./filter.ts');
type Language = Awaited<ReturnType<typeof language>>;

export function registerFiltering(app: App, view: ConnectionsView): void {
  const narrow = async (query: (of: Language) => string | undefined): Promise<void> => {
    const loaded = await language();
    const text = query(loaded);
    if (text) apply(view, loaded, text);
  };
  const selected = (element: Element | undefined): Element | undefined => element ?? view.tree.selection[0];
  app.command(commands.filter, async () => askForFilter(view, await language()));
  app.command(commands.clearFilter, () => view.setFilter('', undefined));
  app.command(commands.filterToProcess, (e?: Element) => narrow((l) => l.processFilter(selected(e))));
  app.command(commands.filterToHost, (e?: Element) => narrow((l) => l.hostFilter(selected(e))));
}

/** What is wrong with the query, where nothing was changed. */
function apply(view: ConnectionsView, { compileFilter }: Language, text: string): string | undefined {
  const { matches, error } = compileFilter(text, vscode.l10n.t);
  if (error) return error.message;
  view.setFilter(text.trim(), matches);
  return undefined;
}

const pause = 150; // milliseconds without a key before the tree follows

/** The tree follows while the user types; Escape brings the old filter back. */
function askForFilter(view: ConnectionsView, loaded: Language): void {
  const { t } = vscode.l10n;
  const before = view.filter;
  const input = vscode.window.createInputBox();
  input.title = t('Filter Connections');
  input.prompt = t(
    'Words are looked for in process, host, address, port and reason. Fields: {0}, and more',
    'process: host: port: pid: state: up> down>',
  );
  input.placeholder = 'process:curl port:443 state:failed';
  input.value = before;
  let timer: NodeJS.Timeout | undefined;
  let accepted = false;
  const follow = (): void => {
    const message = apply(view, loaded, input.value);
    const { Warning } = vscode.InputBoxValidationSeverity;
    input.validationMessage = message === undefined ? undefined : { message, severity: Warning };
  };
  input.onDidChangeValue(() => {
    clearTimeout(timer);
    timer = setTimeout(follow, pause);
  });
  input.onDidAccept(() => {
    follow();
    if (input.validationMessage) return;
    accepted = true;
    input.hide();
  });
  input.onDidHide(() => {
    clearTimeout(timer);
    if (!accepted) apply(view, loaded, before);
    input.dispose();
  });
  input.show();
}
