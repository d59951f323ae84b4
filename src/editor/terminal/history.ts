// Asks for a command line, offering those run before.
import * as vscode from 'vscode';

const key = 'flowtap.commandHistory';
const kept = 20;

/** Undefined where the user gave up. A line that begins with a space is not remembered, as in shells. */
export async function askForCommand(memory: vscode.Memento): Promise<string | undefined> {
  const history = memory.get<string[]>(key, []);
  const line = await pick(history);
  if (line?.trim() && !line.startsWith(' '))
    await memory.update(key, [line, ...history.filter((old) => old !== line)].slice(0, kept));
  return line?.trim() || undefined;
}

function pick(history: readonly string[]): Promise<string | undefined> {
  const { t } = vscode.l10n;
  const input = vscode.window.createQuickPick();
  input.title = t('Run Command Captured');
  input.placeholder = t('Command line, for example: curl https://example.com');
  const show = (): void => {
    const typed = input.value;
    const items: vscode.QuickPickItem[] = history.map((label) => ({
      label,
      iconPath: new vscode.ThemeIcon('history'),
    }));
    const fresh = typed.trim() !== '' && !history.includes(typed);
    input.items = fresh
      ? [{ label: typed, description: t('Run'), iconPath: new vscode.ThemeIcon('run'), alwaysShow: true }, ...items]
      : items;
  };
  show();
  return new Promise((resolve) => {
    input.onDidChangeValue(show);
    input.onDidAccept(() => {
      resolve(input.selectedItems[0]?.label ?? input.value);
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}
