// The filter's commands: by typing, and to what a row shows.
import * as vscode from 'vscode';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { compileFilter, hostFilter, processFilter } from './filter.ts';
import type { Element } from './model.ts';
import type { ConnectionsView } from './view.ts';

export function registerFiltering(app: App, view: ConnectionsView): void {
  const narrow = (filter: string | undefined): void => {
    if (filter) view.setFilter(filter);
  };
  app.command(commands.filter, () => askForFilter(view));
  app.command(commands.clearFilter, () => view.setFilter(''));
  app.command(commands.filterToProcess, (e?: Element) => narrow(processFilter(e ?? view.tree.selection[0])));
  app.command(commands.filterToHost, (e?: Element) => narrow(hostFilter(e ?? view.tree.selection[0])));
}

const pause = 150; // milliseconds without a key before the tree follows

/** The tree follows while the user types; Escape brings the old filter back. */
function askForFilter(view: ConnectionsView): void {
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
    const { error } = compileFilter(input.value);
    if (error) {
      const { Warning } = vscode.InputBoxValidationSeverity;
      input.validationMessage = { message: error.message, severity: Warning };
    } else {
      input.validationMessage = undefined;
      view.setFilter(input.value);
    }
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
    if (!accepted) view.setFilter(before);
    input.dispose();
  });
  input.show();
}
