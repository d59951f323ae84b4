// Shows that the tests of the rendezvous bite: each small fault of native/test/mutants.mjs must make them fail.
//   node scripts/mutants.mjs [TEXT]      only the faults whose file or change contains TEXT
// A fault that no test notices is printed, and ends the run with status 1.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { mutants } from '../native/test/mutants.mjs';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'out/mutants');
const run = promisify(execFile);
const sanitize = ['-O0', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const common = ['-std=c++17', '-w', '-fPIC', '-pthread', '-D_GNU_SOURCE', '-I.', ...sanitize];
const sourcesIn = (folder) =>
  readdirSync(path.join(root, folder))
    .filter((f) => f.endsWith('.cc'))
    .map((f) => `${folder}/${f}`);
const programs = {
  unix: {
    compiler: process.env.CXX ?? 'g++',
    flags: common,
    sources: [...sourcesIn('native/unix'), 'native/test/unix_test.cc'],
    link: [],
  },
  xpc: {
    compiler: 'clang++-22',
    flags: [...common, '-fblocks', '-Inative/shim/include'],
    sources: [...sourcesIn('native/xpc'), ...sourcesIn('native/shim'), 'native/test/xpc_test.cc'],
    link: ['-lBlocksRuntime'],
  },
};

async function available(program) {
  try {
    await run(programs[program].compiler, ['--version']);
    return program === 'unix' || existsSync('/usr/include/Block.h');
  } catch {
    return false;
  }
}
/** Runs `work` over `items`, one at a time for each processor. */
async function inParallel(items, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: os.availableParallelism() }, async () => {
      for (let item = queue.shift(); item; item = queue.shift()) await work(item);
    }),
  );
}
const objectOf = (source, folder) => path.join(folder, `${source.replaceAll('/', '_')}.o`);
const compile = ({ compiler, flags }, source, object) =>
  run(compiler, [...flags, '-c', source, '-o', object], { cwd: root });
/** Whether the program's tests pass. */
async function passes(program, objects, binary) {
  await run(program.compiler, [...program.flags, ...objects, ...program.link, '-o', binary], { cwd: root });
  try {
    await run(binary, [], {
      env: { ...process.env, FLOWTAP_TEST_PATIENCE: '2000', FLOWTAP_TEST_FAIL_FAST: '1' },
      timeout: 60_000,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 26,
    });
    return true;
  } catch {
    return false;
  }
}

const wanted = process.argv[2] ?? '';
const usable = new Set();
for (const name of Object.keys(programs)) if (await available(name)) usable.add(name);
const chosen = mutants.filter((m) => `${m.file} ${m.from} ${m.to}`.includes(wanted));
const able = chosen.filter((m) => usable.has(m.program) && !(m.root && process.getuid() !== 0));
let noticed = 0;
const unnoticed = [];
for (const name of new Set(able.map((m) => m.program))) {
  const program = programs[name];
  const base = path.join(out, name);
  mkdirSync(base, { recursive: true });
  await inParallel(program.sources, (source) => compile(program, source, objectOf(source, base)));
  if (
    !(await passes(
      program,
      program.sources.map((s) => objectOf(s, base)),
      path.join(base, 'test'),
    ))
  ) {
    console.error(`mutants: the tests of native/${name} fail without any fault; nothing can be shown`);
    process.exit(1);
  }
  await inParallel(
    able.filter((m) => m.program === name).map((mutant, index) => ({ mutant, index })),
    async ({ mutant, index }) => {
      const title = `${mutant.file}: ${JSON.stringify(mutant.from)} -> ${JSON.stringify(mutant.to)}`;
      const text = readFileSync(path.join(root, mutant.file), 'utf8');
      if (text.split(mutant.from).length < 2) {
        unnoticed.push(`${title} (the text is not there any more)`);
        return;
      }
      const folder = path.join(base, String(index));
      mkdirSync(folder, { recursive: true });
      const source = path.join(folder, path.basename(mutant.file));
      writeFileSync(
        source,
        text.replace(mutant.from, () => mutant.to),
      );
      const object = objectOf(mutant.file, folder);
      await compile(program, source, object);
      const objects = program.sources.map((s) => (s === mutant.file ? object : objectOf(s, base)));
      if (await passes(program, objects, path.join(folder, 'test'))) unnoticed.push(title);
      else noticed++;
      console.log(`  ${noticed + unnoticed.length}/${able.length} ${title}`);
    },
  );
}
for (const title of unnoticed) console.log(`UNNOTICED: ${title}`);
console.log(`${noticed} passed, ${unnoticed.length} failed, ${chosen.length - able.length} skipped`);
process.exit(unnoticed.length ? 1 : 0);
