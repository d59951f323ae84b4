// Compiles the C++ programs with g++ (or $CXX) alone: no make, no node-gyp. An object is rebuilt when its
// source, a header it includes or the flags changed.
//   node scripts/build-native.mjs [--variant release|asan|tsan] [target ...]     (default: release, `shipped` targets)
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { targets } from './native-targets.mjs';

const root = path.resolve(import.meta.dirname, '..');
const platform = `${process.platform}-${process.arch}`;
const variants = {
  release: { flags: ['-O2', '-g1', '-DNDEBUG'], out: `dist/bin/${platform}` },
  asan: {
    flags: ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
    out: 'out/asan',
  },
  tsan: { flags: ['-O1', '-g', '-fsanitize=thread'], out: 'out/tsan' },
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

const { values, positionals } = parseArgs({
  options: { variant: { type: 'string', default: 'release' }, verbose: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const variant = variants[values.variant];
if (!variant) fail(`no variant ${values.variant}; there are: ${Object.keys(variants).join(', ')}`);
const named = positionals.length ? positionals : Object.keys(targets).filter((t) => targets[t].shipped);
for (const name of named) if (!targets[name]) fail(`no target ${name}; there are: ${Object.keys(targets).join(', ')}`);
const wanted = [...new Set(named.flatMap((name) => [...(targets[name].with ?? []), name]))];

/** A target may need another compiler or further flags; its objects then have a folder of their own. */
function toolOf(target) {
  const compiler = target.compiler ?? process.env.CXX ?? 'g++';
  const flags = [...common, ...variant.flags, ...(target.flags ?? [])];
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
  const objects = target.sources.flatMap(expand).map((source) => {
    const object = path.join(tool.objectDir, source.replaceAll('/', '_').replace(/\.cc?$/, '.o'));
    jobs.set(object, { source, tool });
    return object;
  });
  // The folder of programs goes into the package; a library is for developers.
  const folder = target.library && values.variant === 'release' ? `dist/kit/${platform}` : variant.out;
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
    const key = [tool.key, ...(target.link ?? []), ...objects].join(' ');
    const stamp = path.join(tool.objectDir, `${name}.link`);
    const fresh =
      existsSync(output) &&
      existsSync(stamp) &&
      readFileSync(stamp, 'utf8') === key &&
      objects.every((o) => mtime(o) <= statSync(output).mtimeMs);
    if (fresh) continue;
    if (target.library) {
      rmSync(output, { force: true }); // ar would keep the objects of sources that are gone
      await run('ar', ['rcsD', output, ...objects]);
    } else
      await run(tool.compiler, [
        ...tool.flags,
        ...objects,
        ...(target.link ?? []),
        ...(values.variant === 'release' ? (target.releaseLink ?? []) : []),
        '-o',
        output,
      ]);
    writeFileSync(stamp, key);
    console.log(`  linked ${path.relative(root, output)}`);
  }
} catch (e) {
  fail(e.message);
}

function fail(message) {
  console.error(`build-native: ${message}`);
  process.exit(1);
}
