// The packages of package-lock.json, by `npm ci`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from '../environment.mjs';
import { node24, root } from '../paths.mjs';
import { runOrThrow } from '../run.mjs';
import { lastLine } from './last-line.mjs';

const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;

/** npm records what it installed only when it has finished; optional packages for other machines may be absent. */
function installed() {
  if (!existsSync(path.join(root, 'node_modules/.package-lock.json'))) return false;
  const have = read('node_modules/.package-lock.json');
  return Object.entries(read('package-lock.json')).every(
    ([name, { version, optional, peer }]) =>
      name === '' || have[name]?.version === version || (have[name] === undefined && (optional || peer)),
  );
}

export const dependencies = {
  name: 'dependencies',
  title: 'npm packages',
  fresh: installed,
  run: (progress) =>
    // NODE_ENV=production or an `omit` of the user's must not leave out what builds and tests.
    runOrThrow(
      'npm',
      ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        env: cleanEnvironment({}, { forNpm: true }),
        onText: (text) => progress(lastLine(text)),
      },
    ),
};

export const node = {
  name: 'node',
  title: 'Node 24',
  needs: ['dependencies'],
  fresh: () => node24() !== undefined,
  run() {
    throw new Error(
      `npm has no Node 24 for ${process.platform}-${process.arch} and this is Node ${process.versions.node}: ` +
        'install Node 24 and run the command with it',
    );
  },
};
