// Terminals whose programs are captured: the user's own shell, run by the launcher.
import path from 'node:path';
import * as vscode from 'vscode';
import { capturedCommand, newCaptureName } from '../../proxy/captured.ts';
import { runtimeFolder } from '../../proxy/paths.ts';
import type { App } from '../app.ts';
import { shellArguments } from './shell.ts';

const suffix = (): string => vscode.l10n.t('(captured)');

export const capturedName = (name: string): string => `${name} ${suffix()}`;

/** Beside the user's own environment: the proxy must be looked for where the editor looks. */
export const captureEnvironment = (): Record<string, string> => ({ FLOWTAP_RUNTIME_DIR: runtimeFolder() });

export function capturedTerminal(app: App): vscode.TerminalOptions {
  const shell = vscode.env.shell || '/bin/sh';
  const { file, args } = capturedCommand(app.programs, [shell, ...shellArguments(shell)], {
    capture: newCaptureName('vscode'),
  });
  return {
    name: capturedName(path.basename(shell)),
    shellPath: file,
    shellArgs: [...args],
    env: captureEnvironment(),
    iconPath: new vscode.ThemeIcon('pulse'),
    color: new vscode.ThemeColor('terminal.ansiGreen'),
  };
}

export function isCaptured(app: App, terminal: vscode.Terminal): boolean {
  const options = terminal.creationOptions;
  if ('shellPath' in options && options.shellPath === app.programs.launcher) return true;
  // After a reload of the window only the name tells.
  return terminal.name.endsWith(suffix());
}

export const countCaptured = (app: App): number =>
  vscode.window.terminals.filter((terminal) => terminal.exitStatus === undefined && isCaptured(app, terminal)).length;
