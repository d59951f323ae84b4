// Commands that start, stop and describe the proxy, and the connection that is kept to it.
import * as vscode from 'vscode';
import { commands, settings as settingIds } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { onDidChangeSettings, readSettings } from '../settings.ts';
import { translated } from '../problems.ts';
import { isProblem } from '../state.ts';
import { countCaptured } from '../terminal/captured.ts';
import { askForTrust } from '../trust.ts';
import { registerAppCommands, withStages } from './appCommands.ts';
import { remedyCommands, statusText } from './describe.ts';

export function registerProxy(app: App): void {
  const { t } = vscode.l10n;
  app.command(commands.startProxy, async () => {
    if (!vscode.workspace.isTrusted) return askForTrust();
    if (!app.proxy.app) return app.proxy.start();
    await withStages(t('Starting the proxy'), (tell) => app.proxy.start(tell));
  });
  registerAppCommands(app);
  app.command(commands.stopProxy, () => app.proxy.stop());
  app.command(commands.showLog, () => app.log.show());
  app.command(commands.showStatus, () => showStatus(app));
  app.command(commands.showCaptureProblem, () => showCaptureProblem(app));

  const follow = (): void => {
    if (readSettings().autoConnect) app.proxy.connect();
  };
  follow();
  app.own(onDidChangeSettings([settingIds.autoConnect], follow));

  // A proxy that goes away takes the network of the programs it captured with it.
  let before = app.proxy.state.kind;
  app.own(
    app.proxy.onDidChangeState(async ({ kind }) => {
      const lost = before === 'running' && kind === 'lost';
      before = kind;
      if (!lost || countCaptured(app) === 0) return;
      const open = t('New Captured Terminal');
      const choice = await vscode.window.showWarningMessage(
        t('The proxy has gone away. Programs in captured terminals that are open now have no network any more.'),
        open,
        t('Show Log'),
      );
      if (choice)
        await vscode.commands.executeCommand(choice === open ? commands.newCapturedTerminal : commands.showLog);
    }),
  );
}

const statusWait = 2000; // milliseconds

async function showStatus(app: App): Promise<void> {
  const { t } = vscode.l10n;
  const { kind } = app.proxy.state;
  // The proxy tells its status by itself only when a capture begins or ends.
  const status =
    kind === 'running' ? await app.proxy.session.requestStatus(statusWait).catch(() => undefined) : undefined;
  const { title, detail } = statusText({ ...app.proxy.state, ...(status && { status }) }, app.store, t);
  const startable = vscode.workspace.isTrusted && ['stopped', 'lost', 'startFailed'].includes(kind);
  // The first is what Enter does.
  const actions = [
    ...(startable ? [{ title: t('Start Proxy'), id: commands.startProxy }] : []),
    { title: t('Show Log'), id: commands.showLog },
    ...(['running', 'refused'].includes(kind) ? [{ title: t('Stop Proxy'), id: commands.stopProxy }] : []),
  ];
  const show = isProblem(kind) ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  const choice = await show(title, { modal: true, detail }, ...actions);
  if (choice) await vscode.commands.executeCommand(choice.id);
}

async function showCaptureProblem(app: App): Promise<void> {
  const { t } = vscode.l10n;
  const { problem: found } = await app.proxy.check();
  if (!found) {
    await vscode.window.showInformationMessage(t('Programs can be captured on this machine.'));
    return;
  }
  const problem = translated(found, t);
  const remedy = remedyCommands(problem.text, app.programs.launcher);
  const type = t('Type the Commands in a Terminal');
  const copy = t('Copy');
  const choice = await vscode.window.showWarningMessage(
    t('Programs cannot be captured on this machine yet'),
    { modal: true, detail: `${problem.text}\n\n${problem.next}` },
    copy,
    ...(remedy.length > 0 && vscode.workspace.isTrusted ? [type] : []),
  );
  if (choice === copy) await vscode.env.clipboard.writeText(problem.text);
  if (choice !== type) return;
  const terminal = vscode.window.createTerminal({ name: t('Flowtap set-up') });
  terminal.show();
  // Left for the user to read and run: they change the system.
  terminal.sendText(remedy.join(' && '), false);
}
