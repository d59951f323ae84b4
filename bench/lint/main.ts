// npm run bench:lint: how long the checks of entitlements and projects take: one file, beside what else reads property
// lists; a project of 2,000 files; `flowtap lint` as a process; and from a keystroke to the underline in the extension
// host. Prints the figures and writes bench/results/lint.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUpAll } from '../../scripts/setup.mjs';
import { machine } from '../machine.ts';
import { file } from './file.ts';
import { keystrokes } from './keystrokes.ts';
import { project } from './project.ts';

const usage = `npm run bench:lint -- [options]

The checks of entitlements and of Network Extension projects. Takes about two minutes; prints the figures and writes
bench/results/lint.md.

  --only file,project,keystrokes   these alone; nothing is written then
  --help                           this text
`;
export interface Figure {
  readonly what: string;
  /** Milliseconds. */
  readonly median: number;
  readonly p99?: number;
  /** Of the CPU, where it was taken. */
  readonly cpu?: number;
  /** At most so many milliseconds, of the p99 where there is one. */
  readonly goal?: number;
}
export type Note = (figure: Figure) => void;

const parts: Readonly<Record<string, { readonly title: string; readonly run: (note: Note) => void | Promise<void> }>> =
  {
    file: { title: 'A file of 10 KB, code warm', run: file },
    project: { title: 'A project', run: project },
    keystrokes: { title: 'In the extension host', run: keystrokes },
  };
const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const wanted = values.only?.split(',') ?? Object.keys(parts);
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) throw new Error(`no part ${unknown}; there are: ${Object.keys(parts).join(', ')}`);
await setUpAll(['bundles', 'workbench', 'browser']);

const text: string[] = [];
for (const name of wanted) {
  const { title, run } = parts[name]!;
  text.push(`\n## ${title}\n`, '| what | median ms | p99 ms | CPU ms | goal |', '| --- | ---: | ---: | ---: | ---: |');
  await run(({ what, median, p99, cpu, goal }) => {
    const [a, b, c] = [median, p99, cpu].map((n) => (n === undefined ? '' : n.toFixed(n < 10 ? 2 : 0)));
    text.push(`| ${what} | ${a} | ${b} | ${c} | ${goal === undefined ? '' : `≤ ${goal}`} |`);
    console.log(`${what}: ${a} ms${b && `, p99 ${b} ms`}${c && `, of the CPU ${c} ms`}${goal === undefined ? '' : ` (goal ${goal} ms)`}`); // prettier-ignore
  });
}
if (values.only) process.exit(0);
const results = path.join(import.meta.dirname, '../results');
mkdirSync(results, { recursive: true });
writeFileSync(
  path.join(results, 'lint.md'),
  `# Checks of entitlements and projects\n\n\`npm run bench:lint\`, ${new Date().toISOString().slice(0, 10)}. ${machine()}.\n${text.join('\n')}\n\nplistutil, xmllint and plistlib are measured as processes, since that is how one checks a file with them; what a process\ncosts at all is \`true\`. vscode-xml runs on Java and is not among the packages that can be had here.\n`,
);
process.exit(0);
