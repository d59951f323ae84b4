// npm run build:macos: cross-builds the macOS programs on Linux, for arm64 and x86_64, against declarations of our own.
// Where the tools are missing it says so and succeeds; --require makes that an error.
//   node scripts/build-macos.mjs [--require] [artefact ...]
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { artefacts } from './lib/macos/artefacts.mjs';
import { writeStubs } from './lib/macos/stubs.mjs';
import {
  compileFlags,
  fetchHeaders,
  linkFlags,
  missingTools,
  root,
  tool,
  writeAnnotatedConfig,
} from './lib/macos/toolchain.mjs';

const { values, positionals } = parseArgs({ options: { require: { type: 'boolean' } }, allowPositionals: true });
const architectures = ['arm64', 'x86_64'];
const out = path.join(root, 'out/macos');
/** `source`: our declarations. `output`: what is made from this machine's tools. */
const sdk = { source: path.join(root, 'sysext/macos/sdk'), output: path.join(out, 'sdk') };

const unknown = positionals.find((name) => !artefacts.some((a) => a.name === name));
if (unknown) fail(`no artefact ${unknown}; there are: ${artefacts.map((a) => a.name).join(', ')}`);
if (process.platform === 'darwin') fail('on a Mac, run: make -C sysext');
const missing = missingTools() ?? fetchHeaders();
if (missing) {
  if (values.require) fail(missing);
  console.log(`skipped: ${missing}`);
  process.exit(0);
}

try {
  writeAnnotatedConfig(path.join(sdk.output, 'c++'));
  writeStubs(sdk.output);
  const wanted = artefacts.filter((a) => positionals.length === 0 || positionals.includes(a.name));
  await inParallel(
    wanted.flatMap((artefact) => architectures.map((arch) => ({ artefact, arch }))),
    build,
  );
  for (const artefact of wanted.filter((a) => a.universal)) {
    const output = path.join(root, artefact.output('universal'));
    mkdirSync(path.dirname(output), { recursive: true });
    await run(tool('llvm-lipo'), [
      '-create',
      ...architectures.map((a) => path.join(root, artefact.output(a))),
      '-output',
      output,
    ]);
    console.log(`  joined ${path.relative(root, output)}`);
  }
} catch (error) {
  fail(error.message);
}

async function build({ artefact, arch }) {
  const folder = path.join(out, artefact.name, arch);
  mkdirSync(folder, { recursive: true });
  const objects = [];
  for (const source of artefact.sources.flatMap(expand)) {
    const object = path.join(folder, `${source.replaceAll('/', '_')}.o`);
    const language = source.endsWith('.c') ? 'c' : artefact.language;
    await run(tool('clang++'), [...compileFlags(arch, sdk, language, artefact.exceptions), '-c', source, '-o', object]);
    objects.push(object);
  }
  const output = path.join(root, artefact.output(arch));
  mkdirSync(path.dirname(output), { recursive: true });
  rmSync(output, { force: true });
  if (artefact.library) await run(tool('llvm-ar'), ['--format=darwin', 'rcsD', output, ...objects]);
  else await run(tool('ld64.lld'), [...linkFlags(arch, sdk), ...artefact.link(arch), '-o', output, ...objects]);
  console.log(`  linked ${path.relative(root, output)}`);
}

/** `dir/*.cc` or a file. */
function expand(pattern) {
  const star = /^(.*)\/\*(\.\w+)$/.exec(pattern);
  if (!star) return [pattern];
  const [, dir, ending] = star;
  if (!existsSync(path.join(root, dir))) return [];
  return readdirSync(path.join(root, dir))
    .filter((f) => f.endsWith(ending))
    .sort()
    .map((f) => `${dir}/${f}`);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} failed on ${args.at(-1)} (exit ${code})`)),
    );
  });
}

async function inParallel(items, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: os.availableParallelism() }, async () => {
      for (let item = queue.shift(); item; item = queue.shift()) await work(item);
    }),
  );
}

function fail(message) {
  console.error(`build-macos: ${message}`);
  process.exit(1);
}
