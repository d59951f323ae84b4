// The sample's server, started beside the editor: outside the captured terminal, so that what goes to it is captured.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { cleanEnvironment } from './environment.mjs';
import { sampleDir } from './paths.mjs';

/** Its own port where that is free (the sample's README names it), otherwise another. Resolves to its URL. */
export async function startSample(family) {
  return (await start(family, [])) ?? (await start(family, ['0']));
}

/** Resolves to the URL, or to undefined where the server ends instead. */
function start(family, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(sampleDir, 'server.mjs'), ...args], {
      cwd: sampleDir,
      env: cleanEnvironment(family.env),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (url) resolve(url);
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => resolve(undefined));
  });
}
