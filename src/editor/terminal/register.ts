// Captured terminals and commands: the profile, the commands, and what is said when they cannot work.
import * as vscode from 'vscode';
import { ProblemError } from '../../proxy/problems.ts';
import { commands, terminalProfiles } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { readSettings } from '../settings.ts';
import { askForTrust } from '../trust.ts';
import { capturedTerminal, countCaptured, isCaptured } from './captured.ts';
import { askForCommand } from './history.ts';

/** The launcher's exit code where a capture could not be made. */
const captureFailed = 125;

export function registerTerminal(app: App): void {
  app.own(
    vscode.window.registerTerminalProfileProvider(terminalProfiles.captured, {
      provideTerminalProfile: async () => {
        if (!(await ready(app))) return undefined;
        return new vscode.TerminalProfile(capturedTerminal(app));
      },
    }),
  );
  app.command(commands.newCapturedTerminal, () => openTerminal(app));
  app.command(commands.runCommand, async (command?: unknown) => {
    const line = typeof command === 'string' ? command : await askForCommand(app.context.workspaceState);
    if (!line || !(await ready(app))) return;
    const terminal = vscode.window.createTerminal(
      capturedTerminal(app, line.length > 30 ? `${line.slice(0, 29)}…` : line),
    );
    terminal.show();
    terminal.sendText(line);
  });
  app.own(
    vscode.window.onDidCloseTerminal((terminal) => {
      if (terminal.exitStatus?.code === captureFailed && isCaptured(app, terminal)) void explainFailure(app);
    }),
  );
  if (readSettings().openCapturedTerminalOnStartup && vscode.workspace.isTrusted && countCaptured(app) === 0)
    void openTerminal(app).catch((error: unknown) => app.fail(error));
}

async function openTerminal(app: App): Promise<void> {
  if (!(await ready(app))) return;
  vscode.window.createTerminal(capturedTerminal(app)).show();
}

/** Whether a captured terminal can be opened; otherwise the user has been told why not. */
async function ready(app: App): Promise<boolean> {
  if (!vscode.workspace.isTrusted) {
    void askForTrust();
    return false;
  }
  try {
    const { mode, problem } = await app.proxy.check();
    if (mode === undefined && problem) {
      void explainFailure(app);
      return false;
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    void app.fail(error);
    return false;
  }
  // The launcher starts the proxy itself; the session only has to be there when it answers.
  app.proxy.connect();
  return true;
}

async function explainFailure(app: App): Promise<void> {
  const { t } = vscode.l10n;
  const { problem } = await app.proxy.check().catch((error: unknown) => {
    app.log.error(String(error));
    return { problem: undefined };
  });
  const why = t('Show the Reason');
  const text = problem?.text ?? t('The captured terminal could not be opened: the launcher gave up.');
  const choice = await vscode.window.showErrorMessage(text, ...(problem ? [why] : []), t('Show Log'));
  if (choice) await vscode.commands.executeCommand(choice === why ? commands.showCaptureProblem : commands.showLog);
}
