// Runs the user's own VS Code with a private profile and Flowtap loaded from a folder.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { cleanEnvironment, userPath } from './environment.mjs';
import { which } from './paths.mjs';
import { writeSettings } from './workbench.mjs';

/** The command of a VS Code that can load an extension from a folder, or undefined; `tell` gets why not. */
export function desktopCode(wanted, tell) {
  if (wanted === undefined && process.env.VSCODE_IPC_HOOK_CLI) {
    // In a terminal of a remote window, `code` only talks to that window.
    tell('This is a terminal of a remote VS Code window: using the workbench from npm.');
    return undefined;
  }
  const command = wanted?.includes(path.sep) ? path.resolve(wanted) : which(wanted ?? 'code', userPath());
  const works = command && spawnSync(command, ['--version'], { env: cleanEnvironment(), stdio: 'ignore' }).status === 0;
  if (works) return command;
  if (wanted !== undefined) throw new Error(`--code ${wanted}: not found, or it does not answer to --version`);
  return undefined;
}

/** Opens a window whose processes join the family. Resolves when it is closed, to the command's exit code. */
export function runDesktop({ command, family, folder, profileDir, settings, link, env }) {
  const data = path.join(profileDir, 'data');
  writeSettings(path.join(data, 'User'), settings);
  const args = ['--new-window', '--wait', '--disable-workspace-trust', `--user-data-dir=${data}`];
  args.push(`--extensions-dir=${path.join(profileDir, 'extensions')}`, `--extensionDevelopmentPath=${link}`, folder);
  if (process.getuid?.() === 0) args.unshift('--no-sandbox'); // Electron as root refuses its sandbox.
  const child = spawn(command, args, {
    env: cleanEnvironment({ ...env, FLOWTAP_RUNTIME_DIR: path.join(family.dir, 'flowtap'), ...family.env }),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
}
