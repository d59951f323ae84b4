// How long a file of 10 KB takes, after a warm start, beside what else reads property lists here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parser as lezer } from '@lezer/xml';
import { which } from '../../scripts/lib/paths.mjs';
import { installPackages } from '../../scripts/lib/setup/apt.mjs';
import { createEntitlementsService } from '../../src/entitlements/service.ts';
import { parseXmlPlist } from '../../src/plist/xml.ts';
import type { Plain } from '../../src/plist/xmlEdit.ts';
import { emptyPlist } from '../../src/plist/xmlEdit.ts';
import type { Note } from './main.ts';
import { percentile, tenKilobytes } from './samples.ts';

/** The same size, and a finding at each key. */
const unknown: Record<string, Plain> = {};
for (let i = 0; i < 180; i++) unknown[`com.apple.security.unknown.key${i}`] = true;
const wrong = emptyPlist({ eol: '\n', unit: '\t' }, unknown);

const peers: readonly (readonly [string, readonly string[]])[] = [
  ['plistutil', ['-i', 'FILE', '-o', '/dev/null']],
  ['xmllint', ['--noout', '--nonet', 'FILE']],
  ['python3', ['-c', 'import plistlib,sys;plistlib.load(open(sys.argv[1],"rb"))', 'FILE']],
  ['true', []],
];

function measured(rounds: number, run: (round: number) => unknown): { readonly median: number; readonly p99: number } {
  for (let i = 0; i < Math.min(rounds, 200); i++) run(i);
  const times = Array.from({ length: rounds }, (_, i) => {
    const started = performance.now();
    run(i);
    return performance.now() - started;
  });
  return { median: percentile(times, 50), p99: percentile(times, 99) };
}

export async function file(note: Note): Promise<void> {
  const text = tenKilobytes();
  const service = createEntitlementsService();
  /** Another text each time, as after a keystroke: nothing may come from the service's memory. */
  const typed = (round: number, of = text): string => of.replace('<dict>', `<dict>${' '.repeat(round % 50)}`);
  const name = 'a.entitlements';
  const rounds = 1000;
  const own: readonly (readonly [string, (round: number) => unknown, number?])[] = [
    ['Parsed, with places and recovery', (i) => parseXmlPlist(typed(i))],
    ['… by @lezer/xml into its tree', (i) => lezer.parse(typed(i))],
    ['Fully checked: parsed, all rules', (i) => service.validate(name, typed(i)), 5],
    ['… with 180 unknown keys', (i) => service.validate(name, typed(i, wrong)), 5],
    ['Completion', (i) => service.complete(name, typed(i), text.indexOf('</dict>'))],
    ['Hover', (i) => service.hover(name, typed(i), text.length >> 1)],
  ];
  for (const [what, run, goal] of own) note({ what, ...measured(rounds, run), ...(goal && { goal }) });

  const missing = [
    ['plistutil', 'libplist-utils'],
    ['xmllint', 'libxml2-utils'],
  ].filter(([program]) => !which(program!));
  if (missing.length > 0)
    await installPackages(
      missing.map(([program]) => program).join(' and '),
      missing.map(([, name]) => name!),
      () => {},
    ).catch((e: Error) => console.log(e.message.slice(-300)));
  const folder = mkdtempSync(path.join(tmpdir(), 'flowtap-bench-'));
  const sample = path.join(folder, name);
  writeFileSync(sample, text);
  for (const [command, args] of peers) {
    const words = args.map((word) => (word === 'FILE' ? sample : word));
    if (spawnSync(command, words).error) console.log(`(${command} is not installed)`);
    else note({ what: `\`${command}\`, as a process`, ...measured(50, () => spawnSync(command, words)) });
  }
  rmSync(folder, { recursive: true });
}
