// What builds programs for other platforms than this one: clang, lld and LLVM's tools for macOS, and the compiler with
// blocks that the XPC sources need here. Debian 12 has LLVM 22 in its security suite (bookworm-security, main).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { blocksPackages, debianPackages, fetchHeaders, headersThere, missingTools, tool } from '../macos/toolchain.mjs';
import { gnuPackage, gnuPrefix } from '../gnu.mjs';
import { which } from '../paths.mjs';
import { made, native, nativeInputs } from './build.mjs';
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

/** The processor of Linux that is not this one. */
export const otherArch = process.arch === 'arm64' ? 'x64' : 'arm64';

export const linuxCross = {
  name: 'linux-cross',
  title: `Compiler for linux-${otherArch}`,
  fresh: () => which(`${gnuPrefix(otherArch)}g++`) !== undefined,
  async run(progress) {
    linuxOnly('the Linux programs are built on Linux');
    await installPackages(`the compiler for linux-${otherArch}`, [gnuPackage(otherArch)], progress);
  },
};

/** Runs the programs of the other processor. */
export const qemu = {
  name: 'qemu',
  title: 'QEMU for programs of another processor',
  fresh: () => which(qemuProgram) !== undefined,
  async run(progress) {
    linuxOnly('QEMU runs Linux programs on Linux only');
    await installPackages('QEMU, which runs programs of another processor,', ['qemu-user'], progress);
  },
};
export const qemuProgram = otherArch === 'arm64' ? 'qemu-aarch64' : 'qemu-x86_64';

export const nativeOther = made('native-other', `Native programs for linux-${otherArch}`, {
  needs: [...native.needs, 'linux-cross'],
  inputs: [...nativeInputs, 'scripts/build-native.mjs'],
  outputs: [`dist/bin/linux-${otherArch}`],
  script: ['scripts/build-native.mjs', '--arch', otherArch],
});

export const macosPrograms = made('macos', 'macOS programs', {
  needs: ['macos-tools', 'macos-headers', 'node', 'proto'],
  inputs: [...nativeInputs, 'scripts/lib/macos', 'scripts/lib/objects.mjs'],
  outputs: ['dist/bin/darwin-arm64', 'dist/bin/darwin-x64', 'dist/macos/Flowtap.app.tar.gz'],
  script: ['scripts/build-macos.mjs', '--require'],
});

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
