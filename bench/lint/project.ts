// A project of 2,000 files: indexed, linted, updated after one file changed; and `flowtap lint` as a process.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { readFolder } from '../../src/cli/files/folder.ts';
import { lintProject } from '../../src/project/lint.ts';
import { Workspace } from '../../src/project/workspace.ts';
import { filesOfSound, sound } from '../../test/support/sound.ts';
import type { Note } from './main.ts';
import { percentile } from './samples.ts';

const write = (base: string, files: Readonly<Record<string, string | Uint8Array>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true });
    writeFileSync(path.join(base, name), text);
  }
};

/** About 8 KB of ordinary Swift, a tenth of it with XPC in it. */
const source = (n: number): string =>
  `import Foundation\n\nfinal class Thing${n} {\n    static let id = "com.example.thing${n}.part"\n${n % 10 === 0 ? `    let c = NSXPCConnection(serviceName: "com.example.service${n}")\n` : ''}${Array.from({ length: 60 }, (_, i) => `    /// Says what \`value${i}\` is: "not code" {\n    func value${i}(of x: [String: Int]) -> String {\n        guard let y = x["k\\(${i})"] else { return "none" } // ${i}\n        return "\\(y) of thing"\n    }\n`).join('')}}\n`;

function timed(rounds: number, run: () => void): { readonly median: number; readonly cpu: number } {
  const took = Array.from({ length: rounds }, () => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    run();
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - started, cpu: (user + system) / 1000 };
  });
  const median = (times: readonly number[]): number => percentile(times, 50);
  return { median: median(took.map((t) => t.ms)), cpu: median(took.map((t) => t.cpu)) };
}

export function project(note: Note): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowtap-bench-'));
  try {
    const s = sound();
    for (let i = 0; i < 2000; i++) s.sources[`${i % 2 ? 'App' : 'Ext'}/Things${i % 40}/Thing${i}.swift`] = source(i);
    const large = path.join(folder, 'large');
    write(large, filesOfSound(s));
    const small = path.join(folder, 'small');
    write(small, filesOfSound(sound()));

    let workspace = new Workspace(readFolder(large));
    const first = timed(1, () => lintProject(workspace));
    note({ what: '2,000 files: indexed and all rules, code cold', ...first, goal: 2000 });
    const again = timed(5, () => {
      workspace = new Workspace(readFolder(large));
      lintProject(workspace);
    });
    note({ what: '… code warm', ...again });
    for (const [what, changed] of [
      ['a source', 'App/Things1/Thing1.swift'],
      ['the entitlements', 'App/App.entitlements'],
      ['the project file', 'Proxy.xcodeproj/project.pbxproj'],
    ] as const) {
      const update = timed(15, () => {
        workspace.invalidate([changed]);
        lintProject(workspace);
      });
      note({ what: `… brought up to date after ${what} changed`, ...update, goal: 50 });
    }
    const asProcess = (rounds: number, cwd: string): { readonly median: number } => {
      const run = (): void => {
        const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), 'lint', '.'], { cwd, encoding: 'utf8' }); // prettier-ignore
        if (status !== 0) throw new Error(`flowtap lint: ${status} ${stderr}`);
      };
      const { median } = timed(rounds, run);
      return { median };
    };
    note({ what: '`flowtap lint` of a one-target project, as a process', ...asProcess(11, small), goal: 300 });
    note({ what: '`flowtap lint` of the 2,000 files, as a process', ...asProcess(3, large) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
