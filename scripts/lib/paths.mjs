// Where things are. Only built-ins: this is read before the first `npm ci`.
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');
/** What a build or a test leaves. */
export const outDir = path.join(root, 'out');
/** What `npm start` keeps between runs: the private editor profile. */
export const devDir = path.join(root, '.dev');
export const workbenchDir = path.join(root, 'tools/vscode-host');
export const sampleDir = path.join(root, 'sample');

/** The folder of the npm package that carries Node 24 for this machine, where there is one. */
export const nodePackageDir =
  process.platform === 'linux' ? path.join(root, `node_modules/node-linux-${process.arch}`) : undefined;

/** Node 24, which runs the workbench and the tests; undefined where neither npm's nor the running one will do. */
export function node24() {
  const packaged = nodePackageDir && path.join(nodePackageDir, 'bin/node');
  if (packaged && existsSync(packaged)) return packaged;
  return process.versions.node.startsWith('24.') ? process.execPath : undefined;
}

/** The full path of a program on PATH, or undefined. */
export function which(program, searchPath = process.env.PATH ?? '') {
  for (const dir of searchPath.split(path.delimiter)) {
    const file = path.join(dir, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
