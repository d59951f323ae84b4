// Link stubs (.tbd) of the system libraries: what our own headers declare and no more, so that a typing error or a call
// nobody declared fails to link. libc++'s list comes from Debian's own, which has the same mangled names.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { shortHash } from '../objects.mjs';
import { ourDeclarations } from './declarations.mjs';
import { llvm, tool } from './toolchain.mjs';

/** Versions of frameworks in their install names, where it is not A. */
const versions = { Foundation: 'C', AppKit: 'C' };
/** Libraries of usr/include: a header's path to the library; what is not named is in libSystem, whose list is complete. */
const libraries = { 'bsm/libbsm.h': { file: 'usr/lib/libbsm.tbd', install: '/usr/lib/libbsm.0.dylib' } };

/** What the compiler itself refers to, for literals. */
const emitted = {
  CoreFoundation: { symbols: ['___CFConstantStringClassReference'] },
  Foundation: { classes: ['NSConstantIntegerNumber', 'NSConstantArray', 'NSConstantDictionary'] },
};

const registers = Array.from({ length: 29 }, (_, i) => `_x${i}`);
/** The Objective-C runtime as the compiler calls it. */
const runtime = {
  file: 'usr/lib/libobjc.tbd',
  install: '/usr/lib/libobjc.A.dylib',
  classes: ['NSObject', 'Protocol'],
  symbols: [
    '__objc_empty_cache',
    '___objc_personality_v0',
    ...['', '_stret', '_fpret', 'Super2', 'Super2_stret'].map((kind) => `_objc_msgSend${kind}`),
    ...['retain', 'release'].flatMap((name) => ['', ...registers].map((r) => `_objc_${name}${r}`)),
    ...[
      'alloc',
      'alloc_init',
      'allocWithZone',
      'autorelease',
      'autoreleasePoolPop',
      'autoreleasePoolPush',
      'autoreleaseReturnValue',
      'begin_catch',
      'claimAutoreleasedReturnValue',
      'copyWeak',
      'destroyWeak',
      'end_catch',
      'enumerationMutation',
      'getProperty',
      'initWeak',
      'loadWeakRetained',
      'moveWeak',
      'opt_class',
      'opt_isKindOfClass',
      'opt_new',
      'opt_respondsToSelector',
      'opt_self',
      'retainAutorelease',
      'retainAutoreleaseReturnValue',
      'retainAutoreleasedReturnValue',
      'retainBlock',
      'setProperty_atomic',
      'setProperty_atomic_copy',
      'setProperty_nonatomic',
      'setProperty_nonatomic_copy',
      'storeStrong',
      'storeWeak',
      'sync_enter',
      'sync_exit',
      'terminate',
      'unsafeClaimAutoreleasedReturnValue',
    ].map((name) => `_objc_${name}`),
  ],
};

function stub({ install, symbols = [], classes = [] }) {
  const targets = '[ arm64-macos, x86_64-macos ]';
  const list = (values) => `[ ${[...new Set(values)].map((v) => `'${v}'`).join(', ')} ]`;
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

/** One entry per framework and library that our headers declare something of. */
function declared(declarations) {
  const found = new Map();
  for (const { kind, name, library } of declarations) {
    if (library.includes('/') && !libraries[library]) continue;
    const entry = found.get(library) ?? { ...placeOf(library), symbols: [], classes: [] };
    found.set(library, entry);
    if (kind === 'function' || kind === 'constant') entry.symbols.push(`_${name}`);
    // The classes of a framework that are only declared ahead are not the framework's.
    if (kind === 'class') entry.classes.push(name);
  }
  for (const [library, { symbols = [], classes = [] }] of Object.entries(emitted)) {
    found.get(library)?.symbols.push(...symbols);
    found.get(library)?.classes.push(...classes);
  }
  return [...found.values()];
}

const placeOf = (library) =>
  libraries[library] ?? {
    file: `System/Library/Frameworks/${library}.framework/${library}.tbd`,
    install: `/System/Library/Frameworks/${library}.framework/Versions/${versions[library] ?? 'A'}/${library}`,
  };

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
    ...declared(ourDeclarations()),
    runtime,
    { file: 'usr/lib/libc++.tbd', install: '/usr/lib/libc++.1.dylib', symbols: libcxxSymbols() },
  ];
  for (const library of all) {
    const file = path.join(folder, library.file);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, stub(library));
  }
  return shortHash(...all.map(stub));
}
