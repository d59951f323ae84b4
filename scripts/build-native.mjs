// Compiles the C++ programs with g++ (or $CXX) alone: no make, no node-gyp. An object is rebuilt when its
// source, a header it includes or the flags changed.
//   node scripts/build-native.mjs [--variant release|asan|tsan|debug] [--arch x64|arm64] [target ...]
// Default: release, this machine's processor, the `shipped` targets. For another processor Debian's cross compiler is used.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gnuPrefix } from './lib/gnu.mjs';
import { targets } from './native-targets.mjs';

const root = path.resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  options: {
    variant: { type: 'string', default: 'release' },
    arch: { type: 'string', default: process.arch },
    verbose: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const platform = `${process.platform}-${values.arch}`;
const variants = {
  release: { flags: ['-O2', '-g1', '-DNDEBUG'], out: `dist/bin/${platform}` },
  asan: {
    flags: [
      '-O1',
      '-g1', // Lines are what a report shows; variables would take a third of the compiler's time.
      '-fsanitize=address,undefined',
      // protozero shifts into the sign bit. C++20 says what that is, and so do both compilers in C++17.
      '-fno-sanitize=shift-base',
      '-fno-sanitize-recover=all',
      '-fno-omit-frame-pointer',
    ],
    out: 'out/asan',
  },
  debug: { flags: ['-O1', '-g'], out: 'out/debug' },
  tsan: { flags: ['-O1', '-g1', '-fsanitize=thread'], out: 'out/tsan' },
};
const common = [
  '-std=c++17',
  '-Wall',
  '-Wextra',
  '-Wshadow',
  '-Werror',
  '-fPIC',
  '-pthread',
  '-D_GNU_SOURCE',
  '-I.',
  '-Igen',
  '-isystem',
  'node_modules/protozero/include',
  '-isystem',
  'node_modules/node-api-headers/include',
];

if (values.arch !== process.arch && values.variant !== 'release') fail('only release is built for another processor');
/** Of another processor: GNU's name of it stands before the tool's. */
const prefix = values.arch === process.arch ? '' : gnuPrefix(values.arch);
const variant = variants[values.variant];
if (!variant) fail(`no variant ${values.variant}; there are: ${Object.keys(variants).join(', ')}`);
const named = positionals.length ? positionals : Object.keys(targets).filter((t) => targets[t].shipped);
for (const name of named) if (!targets[name]) fail(`no target ${name}; there are: ${Object.keys(targets).join(', ')}`);
const wanted = [...new Set(named.flatMap((name) => [...(targets[name].with ?? []), name]))];

/** A target may need another compiler or further flags; its objects then have a folder of their own. */
function toolOf(target) {
  const compiler = target.compiler ?? (prefix ? `${prefix}g++` : (process.env.CXX ?? 'g++'));
  // The kernel headers of Debian's cross compiler use the GNU word, which -std=c++17 does not know.
  const cross = prefix ? ['-Dtypeof=__typeof__'] : [];
  const flags = [...common, ...cross, ...variant.flags, ...(target.flags ?? [])];
  const key = createHash('sha256')
    .update([compiler, ...flags].join(' '))
    .digest('hex')
    .slice(0, 12);
  return { compiler, flags, key, objectDir: path.join(root, 'out/obj', `${values.variant}-${key}`) };
}

/** `dir/*.cc` or a file. */
function expand(pattern) {
  if (!pattern.endsWith('/*.cc')) return [pattern];
  const dir = pattern.slice(0, -5);
  if (!existsSync(path.join(root, dir))) return [];
  return readdirSync(path.join(root, dir))
    .filter((f) => f.endsWith('.cc'))
    .sort()
    .map((f) => `${dir}/${f}`);
}
const mtime = (file) => (existsSync(file) ? statSync(file).mtimeMs : Infinity);
function stale(object) {
  const deps = object.replace(/\.o$/, '.d');
  if (!existsSync(object) || !existsSync(deps)) return true;
  const made = statSync(object).mtimeMs;
  const files = readFileSync(deps, 'utf8')
    .replace(/^[^:]*:/, '')
    .replace(/\\\n/g, ' ')
    .trim()
    .split(/\s+/);
  return files.some((f) => mtime(path.resolve(root, f)) > made);
}
function compile(tool, source, object) {
  // The same compiler takes C as well, where it is told the language and its standard.
  const flags = source.endsWith('.c')
    ? tool.flags.map((flag) => (flag === '-std=c++17' ? '-std=c11' : flag)).concat('-x', 'c')
    : tool.flags;
  return run(tool.compiler, [...flags, '-MMD', '-c', '-o', object, source]);
}
function run(compiler, args) {
  return new Promise((resolve, reject) => {
    if (values.verbose) console.log([compiler, ...args].join(' '));
    const child = spawn(compiler, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (e) =>
      reject(
        new Error(`${compiler}: ${e.code === 'ENOENT' ? 'not found; install g++ (apt-get install g++)' : e.message}`),
      ),
    );
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${compiler} failed on ${args.at(-1)}`))));
  });
}

const jobs = new Map(); // object -> how it is made
const links = wanted.map((name) => {
  const target = targets[name];
  const tool = toolOf(target);
  mkdirSync(tool.objectDir, { recursive: true });
  const releaseSources = values.variant === 'release' ? (target.releaseSources ?? []) : [];
  const objects = [...target.sources, ...releaseSources].flatMap(expand).map((source) => {
    const object = path.join(tool.objectDir, source.replaceAll('/', '_').replace(/\.cc?$/, '.o'));
    jobs.set(object, { source, tool });
    return object;
  });
  // The folder of programs goes into the package; a library and tools are for developers.
  const developers = target.library ? `dist/kit/${platform}` : target.tool ? 'out/bench' : undefined;
  const folder = (values.variant === 'release' && developers) || variant.out;
  mkdirSync(path.join(root, folder), { recursive: true });
  return { name, target, tool, objects, output: path.join(root, folder, target.output ?? name) };
});

const queue = [...jobs].filter(([object]) => stale(object));
let done = 0;
async function worker() {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [object, { source, tool }] = next;
    await compile(tool, source, object);
    console.log(`  compiled ${source} (${++done})`);
  }
}
try {
  await Promise.all(Array.from({ length: Math.max(1, os.availableParallelism()) }, worker));
  for (const { name, target, tool, objects, output } of links) {
    const releaseLink = values.variant === 'release' ? (target.releaseLink ?? []) : [];
    const key = [tool.key, ...(target.link ?? []), ...releaseLink, ...objects].join(' ');
    const stamp = path.join(tool.objectDir, `${name}.link`);
    const fresh =
      existsSync(output) &&
      existsSync(stamp) &&
      readFileSync(stamp, 'utf8') === key &&
      objects.every((o) => mtime(o) <= statSync(output).mtimeMs);
    if (fresh) continue;
    if (target.library) {
      rmSync(output, { force: true }); // ar would keep the objects of sources that are gone
      await run(`${prefix}ar`, ['rcsD', output, ...objects]);
    } else {
      const stub = values.variant === 'release' && target.releaseStub ? [await linkStub(tool, target.releaseStub)] : [];
      const libraries = [...stub, ...(target.link ?? []), ...releaseLink];
      await run(tool.compiler, [...tool.flags, ...objects, ...libraries, '-o', output]);
    }
    writeFileSync(stamp, key);
    console.log(`  linked ${path.relative(root, output)}`);
  }
} catch (e) {
  fail(e.message);
}

/** A library of names only, to link against. Which version a name has comes from the map of the processor. */
async function linkStub(tool, { source, soname }) {
  const output = path.join(tool.objectDir, soname);
  const map = source.replace(/\.c$/, `-${values.arch}.map`);
  const names = [`-Wl,-soname,${soname}`, `-Wl,--version-script=${map}`];
  await run(tool.compiler, ['-x', 'c', '-fno-builtin', '-shared', '-nostdlib', ...names, '-o', output, source]);
  return output;
}

function fail(message) {
  console.error(`build-native: ${message}`);
  process.exit(1);
}
