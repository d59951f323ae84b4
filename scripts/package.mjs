// npm run package: out/flowtap-<target>.vsix per target, each with its own native programs only, and one
// ("universal") without any. Byte for byte the same from the same sources.
//   node scripts/package.mjs [--no-setup] [target ...]
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cleanEnvironment } from './lib/environment.mjs';
import { gnuPrefix } from './lib/gnu.mjs';
import { end } from './lib/lifetime.mjs';
import { notices } from './lib/notices.mjs';
import { node24, outDir, root } from './lib/paths.mjs';
import { runOrThrow } from './lib/run.mjs';
import { setUp, setUpAll } from './setup.mjs';

/** Target names are VS Code's, and the folders of dist/bin. */
const targets = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'universal'];
const binDir = (target) => path.join('dist/bin', target);
/** What a package of that platform must have in its folder of dist/bin. */
const programs = {
  linux: ['bridge.node', 'flowtap-run', 'flowtapd'],
  darwin: ['bridge.node', 'Flowtap.app.tar.gz'],
  universal: [],
};
const built = (target) => programs[target.split('-')[0]].every((name) => existsSync(sourceOf(target, name)));
/** The app is one for both processors. */
const sourceOf = (target, name) =>
  path.join(root, name.startsWith('Flowtap.app') ? 'dist/macos' : binDir(target), name);
const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
const limitBytes = 6 * 1024 * 1024;

async function main() {
  const { values, positionals } = parseArgs({
    options: { 'no-setup': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.find((t) => !targets.includes(t));
  if (unknown) throw new Error(`no target ${unknown}; there are: ${targets.join(', ')}`);
  if (!values['no-setup']) {
    await setUpAll(['bundles', 'native']);
    // The packages of other platforms are made where their programs can be.
    const lacking = await setUp(['native-other', 'macos']);
    for (const { failed, reason } of lacking.values()) if (failed) throw new Error(reason);
  }
  const wanted = positionals.length ? positionals : targets.filter(built);
  for (const target of targets.filter((t) => !built(t)))
    console.log(`not made: ${target}, whose programs are not in ${binDir(target)}`);
  for (const target of wanted) {
    if (!built(target)) throw new Error(`${target}: ${binDir(target)} lacks a program; build them first`);
    const file = await make(target);
    const bytes = statSync(file).size;
    console.log(`${path.relative(root, file)}  ${(bytes / 1024).toFixed(0)} KiB`);
    if (bytes > limitBytes) throw new Error(`${target}: larger than ${limitBytes / 1024} KiB`);
  }
}

async function make(target) {
  const env = cleanEnvironment({ SOURCE_DATE_EPOCH: sourceDate() });
  const stage = path.join(outDir, 'package', target);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });

  const ignoreFile = `${stage}.vscodeignore`;
  const native = target === 'universal' ? '' : `!${binDir(target)}/**\n`;
  writeFileSync(ignoreFile, readFileSync(path.join(root, '.vscodeignore'), 'utf8') + native);
  const listing = await runOrThrow(node24(), [vsce, 'ls', '--no-dependencies', '--ignoreFile', ignoreFile], { env });
  for (const file of listing.split('\n').filter((line) => existsSync(path.join(root, line)) && line !== '')) {
    const copy = path.join(stage, file);
    cpSync(path.join(root, file), copy);
    chmodSync(copy, isProgram(file) ? 0o755 : 0o644);
    if (isProgram(file)) strip(copy, target);
  }
  for (const name of programs[target.split('-')[0]].filter((n) => n.endsWith('.gz'))) {
    const copy = path.join(stage, binDir(target), name);
    cpSync(sourceOf(target, name), copy);
    chmodSync(copy, 0o644);
  }
  const noticesFile = path.join(stage, 'ThirdPartyNotices.txt');
  writeFileSync(noticesFile, notices(target));
  chmodSync(noticesFile, 0o644); // Modes go into the package, and the user's umask must not.
  trimManifest(path.join(stage, 'package.json'));

  const file = path.join(outDir, `flowtap-${target}.vsix`);
  const args = ['package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'];
  if (target !== 'universal') args.push('--target', target);
  await runOrThrow(node24(), [vsce, ...args, '-o', file], { cwd: stage, env });
  return file;
}

const isProgram = (file) => (file.startsWith('dist/bin/') && !file.endsWith('.gz')) || file === 'dist/cli.js';

function strip(file, target) {
  if (readFileSync(file).subarray(0, 4).toString('latin1') !== '\x7fELF') return;
  const arch = target.split('-')[1];
  const tool = arch === process.arch ? 'strip' : `${gnuPrefix(arch)}strip`;
  const { status, error } = spawnSync(tool, ['--strip-unneeded', file], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${tool} ${file}: ${error?.message ?? `ended with ${status}`}`);
}

/** What only developers need stays out. */
function trimManifest(file) {
  const { scripts, devDependencies, optionalDependencies, ...manifest } = JSON.parse(readFileSync(file, 'utf8'));
  void [scripts, devDependencies, optionalDependencies];
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The time that all files of a package get, in seconds since 1970: the last commit's. */
function sourceDate() {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH;
  const { stdout, status } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return status === 0 && stdout.trim() ? stdout.trim() : '1577836800'; // Not a checkout: 2020-01-01.
}

main().then(
  () => end(0),
  (e) => {
    console.error(`package: ${e.message}`);
    return end(1);
  },
);
