// What is said where an untrusted folder forbids to run something.
import * as vscode from 'vscode';

export async function askForTrust(): Promise<void> {
  const { t } = vscode.l10n;
  const manage = t('Manage Workspace Trust');
  const text = t('This folder is not trusted, so Flowtap starts no proxy and no captured terminal from it.');
  if ((await vscode.window.showWarningMessage(text, manage)) === manage)
    await vscode.commands.executeCommand('workbench.trust.manage');
}
