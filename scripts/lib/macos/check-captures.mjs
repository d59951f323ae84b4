// Blocks that capture a C++ reference. They keep the reference and not what it refers to, so one that is called later uses
// what is gone; no warning of clang's tells of it. Told from clang's syntax tree.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { compileFlags, root, tool } from './toolchain.mjs';

const sdk = { source: path.join(root, 'sysext/macos/sdk'), output: path.join(root, 'out/macos/sdk') };
/** `capture ParmVar 0x… 'done' 'const Done &'` stands below a BlockDecl; a lambda's captures are fields. */
const captured = /\bcapture (?:ParmVar|Var) 0x\w+ '(\w+)' '([^']*&)'/;

/** Resolves to what is wrong: one text for each capture. */
export async function referencesInBlocks(file) {
  const language = file.endsWith('.mm') ? 'objective-c++' : 'c++';
  const flags = compileFlags('arm64', sdk, language, true);
  const args = [...flags, '-fsyntax-only', '-w', '-fno-color-diagnostics', '-Xclang', '-ast-dump', file];
  const child = spawn(tool('clang++'), args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const found = [];
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const [, name, type] = captured.exec(line) ?? [];
    if (name) found.push(`${path.relative(root, file)}: a block captures the reference ${name} (${type})`);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${tool('clang++')} ended with ${code} on ${file}`);
  return found;
}

/** Our sources that have blocks. */
export const sourcesWithBlocks = () =>
  globSync(['native/xpc/*.cc', 'sysext/{kit,macos}/**/*.{cc,mm}'], { cwd: root })
    .sort()
    .filter((name) => /\^[({]/.test(readFileSync(path.join(root, name), 'utf8')));

/** A fault for the check to find; whether it does. */
export async function noticesCapture() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-capture-'));
  try {
    const file = path.join(folder, 'fault.mm');
    writeFileSync(
      file,
      'void later(void (^work)(void));\nvoid fault(const int &number) { later(^{ (void)number; }); }\n',
    );
    return (await referencesInBlocks(file)).length > 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
