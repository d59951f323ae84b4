// Link stubs (.tbd) of the system libraries: the symbols that Flowtap uses and no more, so that a typing error or a call
// nobody declared fails to link. libc++'s list comes from Debian's own, which has the same mangled names.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shortHash } from '../objects.mjs';
import { llvm, tool } from './toolchain.mjs';

const framework = (name, version = 'A') => ({
  file: `System/Library/Frameworks/${name}.framework/${name}.tbd`,
  install: `/System/Library/Frameworks/${name}.framework/Versions/${version}/${name}`,
});

/** One entry per library: { file, install, symbols, classes }. A framework that is used is one more entry. */
const libraries = [
  {
    ...framework('CoreFoundation'),
    symbols: ['_CFRelease', '_CFStringCreateWithCString', '_kCFAllocatorDefault'],
  },
  {
    ...framework('Security'),
    symbols: ['_SecCodeCheckValidity', '_SecCodeCreateWithXPCMessage', '_SecRequirementCreateWithString'],
  },
  {
    file: 'usr/lib/libbsm.tbd',
    install: '/usr/lib/libbsm.0.dylib',
    symbols: ['_audit_token_to_euid', '_audit_token_to_pid'],
  },
];

function stub({ install, symbols = [], classes = [] }) {
  const targets = '[ arm64-macos, x86_64-macos ]';
  const list = (values) => `[ ${values.map((v) => `'${v}'`).join(', ')} ]`;
  return [
    '--- !tapi-tbd',
    'tbd-version: 4',
    `targets: ${targets}`,
    `install-name: '${install}'`,
    'exports:',
    `  - targets: ${targets}`,
    ...(symbols.length ? [`    symbols: ${list(symbols)}`] : []),
    ...(classes.length ? [`    objc-classes: ${list(classes)}`] : []),
    '...',
    '',
  ].join('\n');
}

function libcxxSymbols() {
  const symbols = new Set();
  for (const library of ['libc++.so.1', 'libc++abi.so.1']) {
    const { stdout, error, status, stderr } = spawnSync(
      tool('llvm-nm'),
      ['-D', '--defined-only', '--format=just-symbols', `/usr/lib/llvm-${llvm}/lib/${library}`],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    if (error || status !== 0) throw new Error(`llvm-nm ${library}: ${error?.message ?? stderr}`);
    for (const line of stdout.split('\n')) {
      const name = line.split('@')[0].trim();
      if (/^(_Z|__cxa|__gxx|__dynamic_cast)/.test(name)) symbols.add(`_${name}`);
    }
  }
  return [...symbols];
}

/** Writes the stubs below `folder`; the hash of them all tells whether something must be linked again. */
export function writeStubs(folder) {
  const all = [
    ...libraries,
    { file: 'usr/lib/libc++.tbd', install: '/usr/lib/libc++.1.dylib', symbols: libcxxSymbols() },
  ];
  for (const library of all) {
    const file = path.join(folder, library.file);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, stub(library));
  }
  return shortHash(...all.map(stub));
}
