// "Add endpoint from this project": the name from NEMachServiceName, or one that is typed in.
import * as vscode from 'vscode';
import { endpointNamesOf } from '../../project/endpointNames.ts';
import { isEndpointName } from '../../proxy/endpoints.ts';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { askForToken } from '../endpoints/token.ts';
import type { Language } from '../language/language.ts';

export function registerAddEndpoint(app: App, language: Language): void {
  app.command(commands.addEndpoint, () => addEndpoint(app, language));
}

async function addEndpoint(app: App, language: Language): Promise<void> {
  const found = language.projects.all.flatMap(({ workspace }) => endpointNamesOf(workspace.model));
  // A Mach name of the project cannot be reached from an editor on another system.
  const name = await chooseName(found.filter((each) => isEndpointName(each.name)));
  if (name === undefined) return;
  if (process.platform === 'darwin' && !(await askForToken(app, name))) return;
  await app.endpoints.add(name);
  await vscode.commands.executeCommand(commands.showEndpoints);
}

async function chooseName(found: readonly { name: string; target: string }[]): Promise<string | undefined> {
  const { t } = vscode.l10n;
  const title = t('Add an endpoint');
  if (found.length > 0) {
    const other = { label: t('Another name…'), description: '' };
    const items = found.map(({ name, target }) => ({ label: name, description: target }));
    const choice = await vscode.window.showQuickPick([...items, other], { title });
    if (choice !== other) return choice?.label;
  }
  const prompt =
    process.platform === 'darwin'
      ? t('The NEMachServiceName of the system extension')
      : t("The absolute path of the endpoint's Unix socket. NEMachServiceName can be reached on macOS only.");
  return vscode.window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    validateInput: (text) => (isEndpointName(text) ? undefined : prompt),
  });
}
