// The endpoints' states, and what can be done about each.
import * as vscode from 'vscode';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { endpointIcon, endpointState } from './describe.ts';
import { askForToken } from './token.ts';

export function registerEndpoints(app: App): void {
  app.endpoints.update();
  app.exposed.set('endpoints', app.endpoints);
  app.command(commands.showEndpoints, () => showEndpoints(app));
}

async function showEndpoints(app: App): Promise<void> {
  const { t } = vscode.l10n;
  const add = { label: t('Add Endpoint from This Project'), iconPath: new vscode.ThemeIcon('add'), name: '' };
  const items = app.endpoints.all.map(({ name, session }) => ({
    name,
    label: name,
    detail: endpointState(session.state, t),
    iconPath: new vscode.ThemeIcon(endpointIcon(session.state)),
  }));
  const title = t("Endpoints of other programs' flows");
  const choice = await vscode.window.showQuickPick([...items, add], { title });
  if (!choice) return;
  if (choice === add) await vscode.commands.executeCommand(commands.addEndpoint);
  else await act(app, choice.name);
}

async function act(app: App, name: string): Promise<void> {
  const { t } = vscode.l10n;
  const token = t('Enter Token');
  const remove = t('Remove');
  const log = t('Show Log');
  const choice = await vscode.window.showQuickPick([token, remove, log], { title: name });
  if (choice === token) await askForToken(app, name);
  else if (choice === remove) await app.endpoints.remove(name);
  else if (choice === log) app.log.show();
}
