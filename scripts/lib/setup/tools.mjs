// Programs that come from the system: the compiler with what node-gyp wants, and a browser for the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { which } from '../paths.mjs';
import { installPackages } from './apt.mjs';
import { Unavailable } from './unavailable.mjs';

const compilerPrograms = { 'g++': 'g++', make: 'make', python3: 'python3' };
const absent = () => Object.keys(compilerPrograms).filter((program) => !which(program));

export const compiler = {
  name: 'compiler',
  title: 'Compiler',
  fresh: () => absent().length === 0,
  async run(progress) {
    try {
      await installPackages(
        absent().join(' and '),
        absent().map((p) => compilerPrograms[p]),
        progress,
      );
    } catch (e) {
      // Nothing works without it: not a reason to skip, but to stop.
      throw e instanceof Unavailable ? new Error(e.message) : e;
    }
  },
};

export const tshark = {
  name: 'tshark',
  title: 'tshark',
  fresh: () => which('tshark') !== undefined,
  run: (progress) =>
    installPackages(
      'tshark, which judges our captures,',
      ['tshark', 'dnsutils', 'nghttp2-client', 'openssh-client'],
      progress,
    ),
};

/** What the tests with the real proxy talk through it with, and make networks of their own by. */
const peerPrograms = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  curl: 'curl',
  wget: 'wget',
  openssl: 'openssl',
};
const absentPeers = () => Object.keys(peerPrograms).filter((program) => !which(program));

export const peers = {
  name: 'peers',
  title: 'Network tools',
  fresh: () => absentPeers().length === 0,
  run: (progress) =>
    installPackages(
      absentPeers().join(' and '),
      absentPeers().map((program) => peerPrograms[program]),
      progress,
    ),
};

export const valgrind = {
  name: 'valgrind',
  title: 'valgrind',
  fresh: () => which('valgrind') !== undefined,
  run: (progress) => installPackages('valgrind', ['valgrind'], progress),
};

/** clang with libFuzzer; its version is part of the programs' names in scripts/native-targets.mjs. */
const llvm = 22;
const hasFuzzer = () => {
  const { status, stdout } = spawnSync(`clang++-${llvm}`, ['--print-runtime-dir'], { encoding: 'utf8' });
  // The older layout of Debian has the architecture in the library's name.
  return status === 0 && [stdout.trim(), `/usr/lib/llvm-${llvm}/lib/clang/${llvm}/lib/linux`].some(holdsFuzzer);
};
const holdsFuzzer = (folder) =>
  existsSync(folder) && readdirSync(folder).some((file) => file.startsWith('libclang_rt.fuzzer'));

export const fuzzer = {
  name: 'fuzzer',
  title: 'libFuzzer',
  fresh: hasFuzzer,
  run: (progress) => installPackages('clang with libFuzzer', [`clang-${llvm}`, `libclang-rt-${llvm}-dev`], progress),
};

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macBrowsers = ['Google Chrome', 'Chromium'].map((n) => `/Applications/${n}.app/Contents/MacOS/${n}`);

/** The browser that the tests drive; CHROMIUM names another. */
export function findBrowser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  return browsers.map((name) => which(name)).find(Boolean) ?? macBrowsers.find((file) => existsSync(file));
}

export const browser = {
  name: 'browser',
  title: 'Chromium',
  fresh: () => findBrowser() !== undefined,
  run: (progress) =>
    installPackages('Chromium, which the browser tests drive,', ['chromium', 'fonts-dejavu-core'], progress),
};
