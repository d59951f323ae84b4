// npm run build:macos: cross-builds the macOS programs on Linux, for arm64 and x86_64, against declarations of our own.
// Where the tools are missing it says so and succeeds; --require makes that an error.
//   node scripts/build-macos.mjs [--require] [artefact ...]
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { artefacts } from './lib/macos/artefacts.mjs';
import { appArchive, makeBundle } from './lib/macos/bundle.mjs';
import { writeStubs } from './lib/macos/stubs.mjs';
import { fileInput, linkOf, objectOf } from './lib/objects.mjs';
import {
  compileFlags,
  compilerVersion,
  fetchHeaders,
  headersFolder,
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

const languages = { '.c': 'c', '.cc': 'c++', '.m': 'objective-c', '.mm': 'objective-c++' };
/** Their content is told by the compiler's version and the headers' package. */
const constant = ['/usr/', headersFolder];
const compiler = compilerVersion();
let stubsHash = '';

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
  stubsHash = writeStubs(sdk.output);
  const wanted = artefacts.filter((a) => positionals.length === 0 || positionals.includes(a.name));
  const { jobs, links } = plan(wanted);
  await inParallel(jobs, compile);
  await inParallel(links, link);
  for (const artefact of wanted.filter((a) => a.universal)) {
    const parts = architectures.map((arch) => artefact.output(arch));
    const output = artefact.output('universal');
    const command = [tool('llvm-lipo'), '-create', ...parts, '-output', output];
    await make(output, parts.map(fileInput), command);
  }
  if (['app', 'extension'].every((name) => wanted.some((a) => a.name === name))) {
    const joined = (name) => path.join(root, artefacts.find((a) => a.name === name).output('universal'));
    if (makeBundle(joined)) console.log(`  made ${path.relative(root, appArchive)}`);
  }
} catch (error) {
  fail(error.message);
}

/** One job per object that is not as it was made from its sources; artefacts of equal flags share theirs. */
function plan(wanted) {
  const jobs = new Map();
  const links = wanted.flatMap((artefact) =>
    architectures.map((arch) => {
      const objects = artefact.sources.flatMap(expand).map((source) => {
        const language = languages[path.extname(source)];
        const flags = [...compileFlags(arch, sdk, language, artefact.exceptions), ...(artefact.flags ?? [])];
        const object = objectOf({ source, compiler, flags, folder: path.join(out, 'obj', arch), constant });
        if (!jobs.has(object.object)) jobs.set(object.object, object);
        return jobs.get(object.object);
      });
      return { artefact, arch, objects };
    }),
  );
  return { jobs: [...jobs.values()].filter((o) => !o.fresh()), links };
}

async function compile(object) {
  object.prepare();
  await run(tool('clang++'), object.args);
  object.record();
  console.log(`  compiled ${path.relative(out, path.dirname(object.object)).split('/')[1]} ${object.source}`);
}

async function link({ artefact, arch, objects }) {
  const output = artefact.output(arch);
  const files = objects.map((o) => o.object);
  const command = artefact.library
    ? [tool('llvm-ar'), '--format=darwin', 'rcsD', output, ...files]
    : [tool('ld64.lld'), ...linkFlags(arch, sdk), ...artefact.link(arch), '-o', output, ...files];
  await make(output, objects, command);
}

/** Makes `output` by the command, where it is not what that made of the same inputs. */
async function make(output, objects, command) {
  const state = linkOf({ output, objects, command: [compiler, stubsHash, ...command], folder: path.join(out, 'obj') });
  if (state.fresh()) return;
  mkdirSync(path.join(root, path.dirname(output)), { recursive: true });
  rmSync(path.join(root, output), { force: true }); // ar would keep the objects of sources that are gone
  await run(command[0], command.slice(1));
  state.record();
  console.log(`  made ${output}`);
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
