// Commands as tasks: `{ "type": "flowtap", "command": "npm test" }` in tasks.json runs captured.
import path from 'node:path';
import * as vscode from 'vscode';
import { capturedCommand, newCaptureName } from '../../proxy/captured.ts';
import { taskTypes } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { captureEnvironment, capturedName } from './captured.ts';

type Scope = vscode.WorkspaceFolder | vscode.TaskScope.Global | vscode.TaskScope.Workspace;

export class CapturedTasks implements vscode.TaskProvider {
  readonly #app: App;
  constructor(app: App) {
    this.#app = app;
  }

  provideTasks(): vscode.Task[] {
    return [];
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const line: unknown = task.definition['command'];
    if (typeof line !== 'string' || !vscode.workspace.isTrusted) return undefined;
    return capturedTask(this.#app, line, task);
  }
}

/** `of` is a task from tasks.json, whose name, place and definition are kept. */
export function capturedTask(app: App, line: string, of?: vscode.Task): vscode.Task {
  const shell = vscode.env.shell || '/bin/sh';
  const option = path.basename(shell).startsWith('pwsh') ? '-Command' : '-c';
  const { file, args } = capturedCommand(app.programs, [shell, option, line], { capture: newCaptureName('vscode') });
  const scope: Scope = of?.scope ?? vscode.workspace.workspaceFolders?.[0] ?? vscode.TaskScope.Workspace;
  const short = line.length > 40 ? `${line.slice(0, 39)}…` : line;
  const task = new vscode.Task(
    of?.definition ?? { type: taskTypes.captured, command: line },
    scope,
    of?.name ?? capturedName(short),
    'Flowtap',
    new vscode.ProcessExecution(file, [...args], { env: captureEnvironment() }),
    of?.problemMatchers ?? [],
  );
  task.detail = line;
  task.presentationOptions = of?.presentationOptions ?? {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    echo: false,
    focus: true,
  };
  return task;
}
