// A project of 2,000 files: indexed, linted, updated after one file changed; and `flowtap lint` as a process.
//   node bench/lint.ts [--json]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readFolder } from '../src/cli/files/folder.ts';
import { lintProject } from '../src/project/lint.ts';
import { Workspace } from '../src/project/workspace.ts';
import { filesOfSound, sound } from '../test/support/sound.ts';

const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'flowtap-bench-'));
const write = (base: string, files: Readonly<Record<string, string | Uint8Array>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), text);
  }
};

/** About 8 KB of ordinary Swift, a tenth of it with XPC in it. */
const source = (n: number): string =>
  `import Foundation\n\nfinal class Thing${n} {\n    static let id = "com.example.thing${n}.part"\n${n % 10 === 0 ? `    let c = NSXPCConnection(serviceName: "com.example.service${n}")\n` : ''}${Array.from({ length: 60 }, (_, i) => `    /// Says what \`value${i}\` is: "not code" {\n    func value${i}(of x: [String: Int]) -> String {\n        guard let y = x["k\\(${i})"] else { return "none" } // ${i}\n        return "\\(y) of thing"\n    }\n`).join('')}}\n`;

const s = sound();
for (let i = 0; i < 2000; i++) s.sources[`${i % 2 ? 'App' : 'Ext'}/Things${i % 40}/Thing${i}.swift`] = source(i);
const large = path.join(folder, 'large');
write(large, filesOfSound(s));
const small = path.join(folder, 'small');
write(small, filesOfSound(sound()));

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
interface Took {
  readonly ms: number;
  /** Processor time of this process: what the time would be on a machine that does nothing else. */
  readonly cpu: number;
}
const timed = (rounds: number, run: (round: number) => void): Took => {
  const took = Array.from({ length: rounds }, (_, i) => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    run(i);
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - started, cpu: (user + system) / 1000 };
  });
  return { ms: median(took.map((t) => t.ms)), cpu: median(took.map((t) => t.cpu)) };
};

const figures: (Partial<Took> & { readonly name: string; readonly aim: number | undefined })[] = [];
const figure = (name: string, took: Partial<Took>, aim?: number): void => void figures.push({ name, ...took, aim });

let workspace = new Workspace(readFolder(large));
figure(
  '2,000 files: first look, index and all rules, cold',
  timed(1, () => lintProject(workspace)),
  2000,
);
figure(
  '2,000 files: the same, warm code',
  timed(5, () => {
    workspace = new Workspace(readFolder(large));
    lintProject(workspace);
  }),
);
for (const [what, file] of [
  ['a source', 'App/Things1/Thing1.swift'],
  ['the entitlements', 'App/App.entitlements'],
  ['the project file', 'Proxy.xcodeproj/project.pbxproj'],
] as const)
  figure(
    `2,000 files: again after ${what} changed`,
    timed(15, () => {
      workspace.invalidate([file]);
      lintProject(workspace);
    }),
    50,
  );
const cli = path.join(root, 'dist/cli.js');
if (existsSync(cli)) {
  const run = (args: readonly string[], cwd: string): void => {
    const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`flowtap ${args.join(' ')}: ${status} ${stderr}`);
  };
  figure(
    'flowtap lint, one-target project, as a process',
    timed(11, () => run(['lint', '.'], small)),
    300,
  );
  figure(
    'flowtap lint, 2,000 files, as a process',
    timed(3, () => run(['lint', '.'], large)),
  );
} else process.stderr.write('dist/cli.js is not there (npm run build): the process is not measured.\n');
rmSync(folder, { recursive: true, force: true });

if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
else
  for (const { name, ms, cpu, aim } of figures) {
    const busy = cpu === undefined ? '' : `${cpu.toFixed(1).padStart(8)} ms CPU`;
    console.log(
      `${(ms ?? 0).toFixed(1).padStart(8)} ms ${busy.padEnd(15)}  ${name}${aim === undefined ? '' : ` (aim: ${aim} ms)`}`,
    );
  }
