// npm run bench:panel: the panel at a million flows, in the host and in the real workbench, and beside the viewers of
// others. Prints the figures and writes bench/results/panel.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import type { Note } from './report.ts';

const usage = `npm run bench:panel -- [options]

The panel at a million flows: in the host, in the real workbench in headless Chromium, and beside the viewers of others.
Takes about ten minutes; prints the figures and writes bench/results/panel.md.

  --only host,browser,peers   these alone; nothing is written then
  --requests N                beside others: fewer than 50,000, for a quick look; nothing is written then
  --limit SECONDS             beside others: so long each may take for its requests (default 240)
  --no-setup                  the package is there already
  --help                      this text
`;
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    requests: { type: 'string' },
    limit: { type: 'string' },
    'no-setup': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const count = (text: string | undefined, otherwise: number, name: string): number => {
  const n = Number(text ?? otherwise);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--${name} takes a number of at least 1, not ${text}`);
  return n;
};
const requests = count(values.requests, 50_000, 'requests');
const limit = count(values.limit, 240, 'limit');
const titles = { host: 'In the extension host', browser: 'In the workbench', peers: 'Beside others' } as const;
type Part = keyof typeof titles;
const parts: Readonly<Record<Part, (note: Note) => void | Promise<void>>> = {
  host: async (note) => (await import('./host.ts')).hostHalf(note),
  browser: async (note) => (await import('./browser.ts')).browserHalf(note),
  peers: async (note) => (await import('./peers.ts')).peersPart(note, requests, limit),
};
const only = values.only?.split(',');
const wanted = (Object.keys(titles) as Part[]).filter((part) => !only || only.includes(part));
if (only && wanted.length < only.length) throw new Error(`the parts are ${Object.keys(titles).join(', ')}`);

if (!values['no-setup']) {
  const { setUpAll } = await import('../../scripts/setup.mjs');
  await setUpAll(['vsix', 'workbench', 'browser']);
}
const text: string[] = [];
for (const part of wanted) {
  text.push(`\n## ${titles[part]}\n`, '| what | measured | goal |', '| --- | ---: | ---: |');
  await parts[part]((what, value, goal = '') => {
    text.push(`| ${what} | ${value} | ${goal} |`);
    console.log(`${what}: ${value}${goal && ` (goal ${goal})`}`);
  });
}
if (only || values.requests) process.exit(0);
const results = path.join(import.meta.dirname, '../results');
mkdirSync(results, { recursive: true });
writeFileSync(
  path.join(results, 'panel.md'),
  `# The panel at a million flows\n\n\`npm run bench:panel\`, ${new Date().toISOString().slice(0, 10)}. ${machine()}.\n${text.join('\n')}\n`,
);
process.exit(0);
