// How long a file of 10 KB takes, after a warm start, beside what else reads property lists here.
//   node bench/entitlements.ts [--json]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parser as lezer } from '@lezer/xml';
import { catalogueKeys, shapesOf } from '../src/entitlements/catalogue/catalogue.ts';
import { createEntitlementsService } from '../src/entitlements/service.ts';
import { parseXmlPlist } from '../src/plist/xml.ts';
import type { Plain } from '../src/plist/xmlEdit.ts';
import { emptyPlist } from '../src/plist/xmlEdit.ts';

const entries: Record<string, Plain> = {};
let text = '';
for (const row of catalogueKeys) {
  const shape = shapesOf(row)[0];
  if (row.access === 'internal' || (shape !== 'boolean' && shape !== 'string[]')) continue;
  entries[row.key] =
    shape === 'boolean' ? true : [...(row.values ?? ['group.com.example.one', 'ABCDEFGH12.com.example.two'])];
  text = emptyPlist({ eol: '\n', unit: '\t' }, entries);
  if (text.length >= 10_240) break;
}

interface Figure {
  readonly name: string;
  readonly median: number;
  readonly p99: number;
}
function measure(name: string, rounds: number, run: (round: number) => unknown): Figure {
  for (let i = 0; i < Math.min(rounds, 200); i++) run(i);
  const times = Array.from({ length: rounds }, (_, i) => {
    const started = performance.now();
    run(i);
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return { name, median: times[rounds >> 1]!, p99: times[Math.floor(rounds * 0.99)]! };
}

/** The same size, and a finding at each key. */
const unknown: Record<string, Plain> = {};
for (let i = 0; i < 180; i++) unknown[`com.apple.security.unknown.key${i}`] = true;
const wrong = emptyPlist({ eol: '\n', unit: '\t' }, unknown);

const service = createEntitlementsService();
/** Another text each time, as after a keystroke: nothing may come from the service's memory. */
const typed = (round: number): string => text.replace('<dict>', `<dict>${' '.repeat(round % 50)}`);
const figures: Figure[] = [
  measure('parse with places and recovery', 1000, (i) => parseXmlPlist(typed(i))),
  measure('@lezer/xml: parse into a tree', 1000, (i) => lezer.parse(typed(i))),
  measure('check: parse and all rules', 1000, (i) => service.validate('a.entitlements', typed(i))),
  measure('check: 180 unknown keys', 1000, (i) =>
    service.validate('a.entitlements', wrong.replace('<dict>', `<dict>${' '.repeat(i % 50)}`)),
  ),
  measure('completion', 1000, (i) => service.complete('a.entitlements', typed(i), text.indexOf('</dict>'))),
  measure('hover', 1000, (i) => service.hover('a.entitlements', typed(i), text.length >> 1)),
];

const folder = mkdtempSync(path.join(tmpdir(), 'flowtap-bench-'));
const file = path.join(folder, 'a.entitlements');
writeFileSync(file, text);
for (const [name, command, ...args] of [
  ['plistutil, as a process', 'plistutil', '-i', file, '-o', '/dev/null'],
  ['xmllint --noout, as a process', 'xmllint', '--noout', '--nonet', file],
  [
    'python3 plistlib, as a process',
    'python3',
    '-c',
    'import plistlib,sys;plistlib.load(open(sys.argv[1],"rb"))',
    file,
  ],
] as const) {
  if (spawnSync(command, args).error) console.log(`(${command} is not installed)`);
  else figures.push(measure(name, 20, () => spawnSync(command, args)));
}
rmSync(folder, { recursive: true });

if (process.argv.includes('--json')) console.log(JSON.stringify({ bytes: text.length, figures }));
else {
  console.log(`${text.length} bytes, ${Object.keys(entries).length} keys; milliseconds`);
  for (const { name, median, p99 } of figures)
    console.log(`${name.padEnd(36)} median ${median.toFixed(3).padStart(8)}   p99 ${p99.toFixed(3).padStart(8)}`);
}
