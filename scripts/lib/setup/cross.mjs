// What builds programs for other platforms than this one: clang, lld and LLVM's tools for macOS, and the compiler with
// blocks that the XPC sources need here. Debian 12 has LLVM 22 in its security suite (bookworm-security, main).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { blocksPackages, debianPackages, fetchHeaders, headersThere, missingTools, tool } from '../macos/toolchain.mjs';
import { which } from '../paths.mjs';
import { installPackages } from './apt.mjs';
import { Unavailable } from './unavailable.mjs';

const linuxOnly = (why) => {
  if (process.platform !== 'linux') throw new Unavailable(why);
};

/** The sanitizers' libraries are a package of their own. */
function sanitizerLibrary() {
  const name = `libclang_rt.tsan-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.a`;
  return spawnSync(tool('clang++'), [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
}

/** The macOS sources on Linux, on the stand-in for XPC. */
export const blocksCompiler = {
  name: 'blocks-compiler',
  title: 'Compiler with blocks',
  fresh: () =>
    which(tool('clang++')) !== undefined && existsSync('/usr/include/Block.h') && existsSync(sanitizerLibrary()),
  async run(progress) {
    linuxOnly('on a Mac, make -C sysext test runs the real XPC');
    await installPackages('a compiler with blocks', blocksPackages, progress);
  },
};

export const macosTools = {
  name: 'macos-tools',
  title: 'Tools that build for macOS',
  fresh: () => missingTools() === undefined,
  async run(progress) {
    linuxOnly('on a Mac, make -C sysext builds with the real SDK');
    await installPackages('what builds for macOS', debianPackages, progress);
    const missing = missingTools();
    if (missing) throw new Error(missing);
  },
};

/** From npm, into the user's cache. */
export const macosHeaders = {
  name: 'macos-headers',
  title: 'Headers of macOS',
  fresh: headersThere,
  async run() {
    linuxOnly('on a Mac, the SDK has them');
    const problem = fetchHeaders();
    if (problem) throw new Unavailable(problem);
  },
};
