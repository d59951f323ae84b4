// npm run check:macos: what can be told of the macOS programs without a Mac, from the files themselves. Ends in
// "N passed, N failed". Run npm run build:macos first, or give --build.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { artefacts } from './lib/macos/artefacts.mjs';
import { noticesCapture, referencesInBlocks, sourcesWithBlocks } from './lib/macos/check-captures.mjs';
import { checkDeclarations } from './lib/macos/check-declarations.mjs';
import { appBundle } from './lib/macos/bundle.mjs';
import { architectures, checkBundle, checkLoadCommands, output } from './lib/macos/check-bundle.mjs';
import { ourDeclarations } from './lib/macos/declarations.mjs';
import { plantedDeclarations, unnoticedFaults } from './lib/macos/planted-declarations.mjs';
import { plantedInBundle, unnoticedInBundle } from './lib/macos/planted-bundle.mjs';
import { missingTools, root } from './lib/macos/toolchain.mjs';

const missing = missingTools();
if (missing) {
  console.log(`skipped: ${missing}`);
  process.exit(0);
}
if (process.argv.includes('--build')) {
  const { status } = spawnSync(process.execPath, ['scripts/build-macos.mjs', '--require'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
let passed = 0;
let failed = 0;
function check(ok, what) {
  if (ok) passed++;
  else {
    failed++;
    console.log(`FAILED: ${what}`);
  }
  return ok;
}

// Our declarations, against those that were generated from the real SDK. Faults in them have to be noticed.
const { confirmed, problems } = checkDeclarations(ourDeclarations());
passed += confirmed;
for (const problem of problems) check(false, problem);
const unnoticed = unnoticedFaults();
passed += plantedDeclarations.length - unnoticed.length;
for (const fault of unnoticed) check(false, `a fault planted in our declarations is not noticed: ${fault}`);

for (const file of sourcesWithBlocks()) {
  const captured = await referencesInBlocks(path.join(root, file));
  check(captured.length === 0, [...new Set(captured)].join('\n'));
}
check(await noticesCapture(), 'a block that captures a reference is not noticed');

for (const artefact of artefacts)
  for (const arch of architectures) {
    const name = artefact.output(arch);
    const file = path.join(root, name);
    check(existsSync(file), `${name} is there; run: npm run build:macos`);
    if (!existsSync(file)) continue;
    const symbols = output('llvm-nm', ['-m', file]);
    for (const symbol of artefact.exports ?? [])
      check(new RegExp(`external ${symbol}$`, 'm').test(symbols), `${name} exports ${symbol}`);
    check(!readFileSync(file).includes(root), `${name} holds no path of the building machine`);
    if (artefact.library) {
      // One architecture per object.
      const archs = new Set(output('llvm-lipo', ['-archs', file]).trim().split(/\s+/));
      check(archs.size === 1 && archs.has(arch), `${name} is for ${arch} alone`);
      continue;
    }
    const commands = output('llvm-objdump', ['--macho', '--private-headers', file]);
    check(output('llvm-lipo', ['-archs', file]).trim() === arch, `${name} is for ${arch} alone`);
    checkLoadCommands(name, commands, check);
    const dynamic = symbols.split('\n').filter((l) => l.includes('dynamically looked up'));
    check(
      dynamic.every((l) => / _napi_\w+ /.test(l)),
      `${name} leaves open what Node provides, and nothing else`,
    );
  }
for (const artefact of artefacts.filter((a) => a.universal)) {
  const name = artefact.output('universal');
  const archs = output('llvm-lipo', ['-archs', path.join(root, name)])
    .trim()
    .split(/\s+/)
    .sort();
  check(archs.join(' ') === 'arm64 x86_64', `${name} is for both architectures`);
}

// The app's bundle, and that faults in it are noticed.
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const bundle = { app: appBundle, entitlements: path.join(root, 'sysext/macos'), version };
checkBundle(bundle, check);
const missed = unnoticedInBundle(bundle);
passed += Object.keys(plantedInBundle).length - missed.length;
for (const fault of missed) check(false, `a fault planted in the bundle is not noticed: ${fault}`);

// Our own rules find nothing in our own extension.
const lint = spawnSync(process.execPath, ['dist/cli.js', 'lint', 'sysext/macos', 'sysext/kit'], {
  cwd: root,
  encoding: 'utf8',
});
check(
  lint.status === 0 && !/\b(error|warning)\b/.test(lint.stdout),
  `flowtap lint finds nothing in sysext:\n${lint.stdout}${lint.stderr}`,
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || passed === 0 ? 1 : 0);
