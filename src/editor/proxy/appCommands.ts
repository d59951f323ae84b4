// Commands about the Flowtap app on macOS: install with progress and undo, remove, allow, and the way to the setting that
// the first broken stage names.
import * as vscode from 'vscode';
import type { Stage } from '../../proxy/app.ts';
import { stageNames } from '../../proxy/app.ts';
import { problem, ProblemError } from '../../proxy/problems.ts';
import { commands, contextKeys } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { AppControl } from './appControl.ts';

export function registerAppCommands(app: App): void {
  const control = app.proxy.app;
  app.keys.set(contextKeys.macos, control !== undefined);
  const on =
    (run: (control: AppControl) => Promise<void>): (() => Promise<void>) =>
    async () => {
      if (!control) throw new ProblemError(problem('platform-unsupported', `no app on ${process.platform}`));
      await run(control);
    };
  app.command(
    commands.installApp,
    on((it) => install(app, it)),
  );
  app.command(
    commands.removeApp,
    on((it) => remove(it)),
  );
  app.command(
    commands.allowAccess,
    on((it) => allow(app, it)),
  );
  app.command(
    commands.openSystemSettings,
    on((it) => openSettings(it)),
  );
  app.command(
    commands.checkProxy,
    on(async (it) => {
      await it.check();
      app.proxy.connect();
    }),
  );
}

/** A notification that shows the stages as they come and can be cancelled. */
export function withStages<T>(
  title: string,
  work: (tell: (stage: Stage) => void, signal: AbortSignal) => Promise<T>,
): Thenable<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, cancel) => {
    const ended = new AbortController();
    const listening = cancel.onCancellationRequested(() => ended.abort());
    try {
      return await work((stage) => {
        const increment = 100 / stageNames.length;
        if (stage.state === 'ok') progress.report({ message: stage.text, increment });
        // It waits for the user: what to do is the message.
        else if (stage.state === 'waiting') progress.report({ message: `${stage.text} ${stage.next}` });
      }, ended.signal);
    } finally {
      listening.dispose();
    }
  });
}

async function install(app: App, control: AppControl): Promise<void> {
  const { t } = vscode.l10n;
  const installed = await withStages(t('Installing the Flowtap proxy'), async (tell, signal) => {
    const done = await control.install();
    try {
      await control.run('start', tell, signal);
    } catch (error) {
      // The app stays: what is wrong is shown, and often it only waits for the user.
      app.proxy.connect();
      await offerUndo(t('The app is installed, and the proxy does not run yet: {0}', messageOf(error)), done, control);
      return undefined;
    }
    return done;
  });
  if (!installed) return;
  await control.grant();
  app.proxy.connect();
  await offerUndo(t('The Flowtap proxy is installed and runs.'), installed, control);
}

async function offerUndo(
  text: string,
  installed: { undo(): Promise<void>; keep(): Promise<void> },
  control: AppControl,
): Promise<void> {
  const undo = vscode.l10n.t('Undo');
  const { broken } = control.state.kind === 'there' ? control.state : {};
  const open = broken?.open ? [vscode.l10n.t('Open System Settings')] : [];
  // Not awaited by the progress: the message may stay as long as it likes.
  void vscode.window.showInformationMessage(text, ...open, undo).then(async (choice) => {
    if (choice !== undefined && choice === open[0]) await openSettings(control);
    if (choice !== undo) return installed.keep();
    await control.run('deactivate').catch(() => undefined); // it may never have been activated
    return installed.undo();
  });
}

async function remove(control: AppControl): Promise<void> {
  const { t } = vscode.l10n;
  const yes = t('Remove');
  const detail = t('The system extension is deactivated and Flowtap.app is deleted. Captures and settings stay.');
  if ((await vscode.window.showWarningMessage(t('Remove the Flowtap proxy?'), { modal: true, detail }, yes)) !== yes)
    return;
  await withStages(t('Removing the Flowtap proxy'), (tell, signal) => control.remove(tell, signal));
}

async function allow(app: App, control: AppControl): Promise<void> {
  await withStages(vscode.l10n.t('Waiting for your consent in the Flowtap app'), (_tell, signal) =>
    control.grant(signal),
  );
  app.proxy.connect();
}

/** Where the user puts right what is wrong. The app knows the pane of the running macOS. */
async function openSettings(control: AppControl): Promise<void> {
  await control.check();
  const { broken } = control.state.kind === 'there' ? control.state : {};
  if (!broken?.open) {
    const text = broken ? `${broken.text} ${broken.next}` : vscode.l10n.t('There is nothing to approve.');
    await vscode.window.showInformationMessage(text);
    return;
  }
  void vscode.window.showInformationMessage(broken.next);
  await vscode.env.openExternal(vscode.Uri.parse(broken.open));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
