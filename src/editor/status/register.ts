// The one item in the status bar: the proxy's state and how many connections are open.
import * as vscode from 'vscode';
import { commands, views } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { statusText } from '../proxy/describe.ts';
import { escapeMarkdown } from '../sidebar/tooltip.ts';
import { isProblem } from '../state.ts';

const refresh = 500; // milliseconds; the count need not follow each connection

export function registerStatus(app: App): void {
  const { t } = vscode.l10n;
  const item = app.own(vscode.window.createStatusBarItem('flowtap.status', vscode.StatusBarAlignment.Left, 10));
  item.name = 'Flowtap';
  let timer: NodeJS.Timeout | undefined;

  const show = (): void => {
    timer = undefined;
    const { kind } = app.proxy.state;
    const { title, detail } = statusText(app.proxy.state, app.store, t);
    const live = app.store.liveCount;
    const problem = isProblem(kind);
    const busy = kind === 'starting' || kind === 'connecting';
    const icon = problem ? 'warning' : busy ? 'loading~spin' : kind === 'running' ? 'pulse' : 'debug-disconnect';
    const starts = kind === 'stopped' && app.store.size === 0 && vscode.workspace.isTrusted;
    item.text = kind === 'running' ? `$(${icon}) Flowtap ${live}` : `$(${icon}) Flowtap`;
    item.backgroundColor = problem ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    item.command = problem || kind.startsWith('addon') ? commands.showStatus : `${views.connections}.focus`;
    const spoken = kind === 'running' ? t('{0}, {1} connections open', title, live) : title;
    item.accessibilityInformation = { label: `Flowtap: ${spoken}` };
    const tooltip = new vscode.MarkdownString(
      [
        `**${escapeMarkdown(title)}**`,
        ...detail
          .split('\n')
          .filter(Boolean)
          .map((line) => escapeMarkdown(line)),
      ].join('\n\n'),
    );
    const links = [
      ...(starts ? [[t('Start Proxy'), commands.startProxy]] : []),
      ...(kind === 'running' ? [[t('New Captured Terminal'), commands.newCapturedTerminal]] : []),
      [t('Details'), commands.showStatus],
    ];
    tooltip.appendMarkdown(`\n\n${links.map(([text, id]) => `[${text}](command:${id})`).join(' · ')}`);
    tooltip.isTrusted = { enabledCommands: links.map(([, id]) => id!) };
    item.tooltip = tooltip;
  };
  const soon = (): void => {
    timer ??= setTimeout(show, refresh);
  };
  app.own(app.proxy.onDidChangeState(soon));
  app.own(app.store.onDidChange(soon));
  app.own(vscode.workspace.onDidGrantWorkspaceTrust(soon));
  app.own({ dispose: () => clearTimeout(timer) });
  show();
  item.show();
}
