import * as vscode from 'vscode';
import type { App } from '../app.ts';

/** The shortest that an endpoint takes (ListenerOptions::kShortestToken). */
const shortest = 16;

/** False where the user gave up. An empty answer means that the endpoint asks for none. */
export async function askForToken(app: App, name: string): Promise<boolean> {
  const { t } = vscode.l10n;
  const token = await vscode.window.showInputBox({
    title: name,
    prompt: t('The token that the endpoint was started with. Leave it empty where it asks for none.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text && Buffer.byteLength(text) < shortest ? t('A token has at least {0} bytes', shortest) : undefined,
  });
  if (token === undefined) return false;
  await app.endpoints.setToken(name, token);
  return true;
}
