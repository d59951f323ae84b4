// The sample's server, started beside the editor: outside the captured terminal, so that what goes to it is captured.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { cleanEnvironment } from './environment.mjs';
import { sampleDir } from './paths.mjs';

/** Resolves to the server's URL, or to undefined, with a line that says why, where it cannot start. */
export function startSample(family, log = (line) => console.log(line)) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(sampleDir, 'server.mjs')], {
      cwd: sampleDir,
      env: cleanEnvironment(family.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part) => {
        text = (text + part).slice(-4096);
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
        if (url) resolve(url);
      });
    child.once('close', (code) => {
      if (code) log(`The sample's server could not start: ${text.trim()}`);
      resolve(undefined);
    });
  });
}
