// Runs the npm workbench privately: own home, own profile, own run-time folder, a secret in its URL.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from './environment.mjs';
import { newFamily } from './family.mjs';
import { node24, workbenchDir } from './paths.mjs';
import { runOrThrow } from './run.mjs';

const main = path.join(workbenchDir, 'node_modules/code-server/lib/vscode/out/server-main.js');
const startSeconds = 60;
const userFolders = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'];

/** An editor without news, telemetry, updates and suggestions. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'window.confirmBeforeClose': 'never',
  'git.openRepositoryInParentFolders': 'never',
};

/** Restricted Mode at once, without the question. */
const askNothing = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
};

/** For terminals that a person uses: the user's own home, not the workbench's. */
export function homeSettings() {
  const env = Object.fromEntries(userFolders.map((name) => [name, process.env[name] ?? null]));
  return { 'terminal.integrated.env.linux': env, 'terminal.integrated.env.osx': env };
}

/**
 * Starts it on a loopback port and resolves, when it answers, to { url(query), host, dirs, log(), stop(), exited }.
 *
 * - family: what its processes join; default: one of its own, which stop() ends
 * - profileDir: kept between runs; default: a folder that goes with the family
 * - settings: the user's settings
 * - vsix: a package to install; link: a folder to load as an extension instead
 * - env: for the extension host and the terminals
 * - driver: what runs tests inside the extension host (it hides notifications)
 * - restricted: folders are not trusted until the user says so; otherwise every folder is
 */
export async function startWorkbench(options) {
  const { family = newFamily(), settings = {}, vsix, link, driver = false, restricted = false, port = 0 } = options;
  const profile = options.profileDir ?? path.join(family.dir, 'profile');
  const dirs = {
    data: path.join(profile, 'server'),
    extensions: path.join(profile, 'extensions'),
    home: path.join(profile, 'home'),
    runtime: path.join(family.dir, 'run'),
    temporary: path.join(family.dir, 'tmp'),
  };
  rmSync(dirs.extensions, { recursive: true, force: true }); // Its index is made from its folders only when new.
  for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeSettings(path.join(dirs.data, 'data/User'), restricted ? { ...askNothing, ...settings } : settings);

  const env = cleanEnvironment({
    ...Object.fromEntries(userFolders.map((name) => [name, undefined])),
    HOME: dirs.home,
    XDG_RUNTIME_DIR: dirs.runtime,
    FLOWTAP_RUNTIME_DIR: undefined,
    TMPDIR: dirs.temporary,
    EXTENSIONS_GALLERY: '{}',
    ...options.env,
    ...family.env,
  });
  const common = [main, '--server-data-dir', dirs.data, '--extensions-dir', dirs.extensions];
  try {
    if (vsix) await runOrThrow(node24(), [...common, '--install-extension', vsix, '--force'], { env });
    if (link) symlinkSync(link, path.join(dirs.extensions, 'development'), 'dir');
    const token = randomBytes(16).toString('hex');
    const args = [...common, '--host', '127.0.0.1', '--port', String(port), '--connection-token', token];
    args.push('--accept-server-license-terms', '--telemetry-level', 'off');
    if (!restricted) args.push('--disable-workspace-trust');
    if (driver) args.push('--enable-smoke-test-driver');
    const child = spawn(node24(), args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const log = collect(child);
    const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    const host = await listening(child, log, exited);
    const url = (query = {}) => `http://${host}/?${new URLSearchParams({ tkn: token, ...query })}`;
    return { url, host, dirs, log, exited, stop: family.end };
  } catch (e) {
    await family.end();
    throw e;
  }
}

/** Writes an editor's user settings over the quiet ones. */
export function writeSettings(userDir, settings) {
  mkdirSync(userDir, { recursive: true });
  writeFileSync(path.join(userDir, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2));
}

function collect(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => (text = (text + part).slice(-256 * 1024)));
  return () => text;
}

/** Resolves to host:port once the server says where it listens. */
async function listening(child, log, exited) {
  let timer;
  const found = new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const port = /Web UI available at http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/.exec(log())?.[1];
      if (port) resolve(`127.0.0.1:${port}`);
    });
    child.once('error', reject);
    void exited.then((code) => reject(new Error(`the workbench ended (${code}) before it listened:\n${log()}`)));
    timer = setTimeout(
      () => reject(new Error(`the workbench does not listen after ${startSeconds} s:\n${log()}`)),
      startSeconds * 1000,
    );
  });
  try {
    return await found;
  } finally {
    clearTimeout(timer);
  }
}
