// Terminals whose programs are captured: the user's own shell, run by the launcher.
import path from 'node:path';
import * as vscode from 'vscode';
import { capturedCommand, newCaptureName } from '../../proxy/captured.ts';
import { runtimeFolder } from '../../proxy/paths.ts';
import type { App } from '../app.ts';
import { shellArguments } from './shell.ts';

const suffix = (): string => vscode.l10n.t('(captured)');

/** `title` instead of the shell's name. */
export function capturedTerminal(app: App, title?: string): vscode.TerminalOptions {
  const shell = vscode.env.shell || '/bin/sh';
  const { file, args, env } = capturedCommand(app.programs, [shell, ...shellArguments(shell)], {
    capture: newCaptureName('vscode'),
    // The terminal has the user's own environment; only where the proxy is found must be the same as here.
    env: { FLOWTAP_RUNTIME_DIR: runtimeFolder() },
  });
  return {
    name: `${title ?? path.basename(shell)} ${suffix()}`,
    shellPath: file,
    shellArgs: [...args],
    env: { ...env, FLOWTAP_CAPTURED: '1' },
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
