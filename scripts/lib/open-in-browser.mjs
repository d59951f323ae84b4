import { spawn } from 'node:child_process';
import { cleanEnvironment } from './environment.mjs';

/** Opens the user's browser where there is one; the URL has been printed in any case. */
export function openInBrowser(url) {
  const hasDisplay = process.platform === 'darwin' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDisplay) return;
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  spawn(opener, [url], { stdio: 'ignore', detached: true, env: cleanEnvironment() })
    .on('error', () => {})
    .unref();
}
