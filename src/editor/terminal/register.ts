// Captured terminals and commands: the profile, the task type, the commands, and what is said when they cannot work.
import * as vscode from 'vscode';
import { ProblemError } from '../../proxy/problems.ts';
import { commands, taskTypes, terminalProfiles } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { translated } from '../problems.ts';
import { isBlocked } from '../proxy/control.ts';
import { readSettings } from '../settings.ts';
import { askForTrust } from '../trust.ts';
import { capturedTerminal, countCaptured, isCaptured } from './captured.ts';
import { askForCommand } from './history.ts';
import { capturedTask, CapturedTasks } from './task.ts';

/** The launcher's exit code where a capture could not be made. */
const captureFailed = 125;

export function registerTerminal(app: App): void {
  app.own(
    vscode.window.registerTerminalProfileProvider(terminalProfiles.captured, {
      provideTerminalProfile: async () => {
        // VS Code shows what is thrown, and words of its own where there is no profile. Ours were said already.
        if (!(await ready(app))) throw new Error('');
        return new vscode.TerminalProfile(capturedTerminal(app));
      },
    }),
  );
  app.own(vscode.tasks.registerTaskProvider(taskTypes.captured, new CapturedTasks(app)));
  app.command(commands.newCapturedTerminal, () => openTerminal(app));
  app.command(commands.runCommand, async (command?: unknown) => {
    const line = typeof command === 'string' ? command : await askForCommand(app.context.workspaceState);
    if (line && (await ready(app))) await vscode.tasks.executeTask(capturedTask(app, line));
  });
  const failed = (code: number | undefined): void => {
    if (code === captureFailed) void explainFailure(app);
  };
  app.own(
    vscode.window.onDidCloseTerminal((terminal) => {
      if (isCaptured(app, terminal)) failed(terminal.exitStatus?.code);
    }),
  );
  app.own(
    vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.definition.type === taskTypes.captured) failed(exitCode);
    }),
  );
  if (vscode.workspace.isTrusted) openAtStart(app);
  else openOnceTrusted(app);
}

/** Whether the setting asks for it. */
function openAtStart(app: App): boolean {
  const { openCapturedTerminalOnStartup: wanted } = readSettings();
  if (wanted && countCaptured(app) === 0) void openTerminal(app).catch((error: unknown) => app.fail(error));
  return wanted;
}

/** For a folder that is trusted later: until then its own settings do not count (restrictedConfigurations). */
function openOnceTrusted(app: App): void {
  const waiting = vscode.workspace.onDidGrantWorkspaceTrust(() => {
    waiting.dispose();
    if (openAtStart(app)) return;
    // The folder's settings come into force only after this event.
    const following = vscode.workspace.onDidChangeConfiguration(() => {
      following.dispose();
      openAtStart(app);
    });
    app.own(following);
  });
  app.own(waiting);
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
    if (isBlocked(await app.proxy.check())) {
      void explainFailure(app);
      return false;
    }
    // The launcher would start the proxy too; but a short program could be over before its flows are asked for.
    await app.proxy.start();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    void app.fail(error);
    return false;
  }
  return true;
}

async function explainFailure(app: App): Promise<void> {
  const { t } = vscode.l10n;
  const { problem } = await app.proxy.check().catch((error: unknown) => {
    app.log.error(String(error));
    return { problem: undefined };
  });
  const why = t('Show the Reason');
  const showLog = t('Show Log');
  const text = problem
    ? t('Programs cannot be captured on this machine yet: {0}', translated(problem, t).text.split('\n')[0] ?? '')
    : t('The program could not be started captured. Its terminal says why.');
  const choice = await vscode.window.showErrorMessage(text, ...(problem ? [why] : []), showLog);
  if (choice) await vscode.commands.executeCommand(choice === why ? commands.showCaptureProblem : commands.showLog);
}
