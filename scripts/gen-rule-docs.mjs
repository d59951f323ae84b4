// Writes docs/rules: one page a rule, and their index. `--check` only says whether they are in step.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rulePage, rulesIndex } from '../src/entitlements/rules/page.ts';

const registries = [
  '../src/entitlements/rules/registry.ts',
  '../src/project/rules/registry.ts',
  '../src/project/logs/registry.ts',
];
const folder = new URL('../docs/rules/', import.meta.url);

/** Every rule of every registry that is there. */
export async function allRules() {
  const rules = [];
  for (const registry of registries) {
    const url = new URL(registry, import.meta.url);
    if (!existsSync(url)) continue;
    for (const exported of Object.values(await import(url.href)))
      if (Array.isArray(exported)) rules.push(...exported.filter((rule) => rule?.doc?.what));
  }
  return rules.filter((rule, i) => rules.findIndex((other) => other.id === rule.id) === i);
}

export async function pages() {
  const rules = await allRules();
  return new Map([...rules.map((rule) => [`${rule.id}.md`, rulePage(rule)]), ['README.md', rulesIndex(rules)]]);
}

export const pageOnDisk = (name) => {
  const url = new URL(name, folder);
  return existsSync(url) ? readFileSync(url, 'utf8') : undefined;
};

if (import.meta.filename === process.argv[1]) {
  mkdirSync(folder, { recursive: true });
  const stale = [...(await pages())].filter(([name, text]) => pageOnDisk(name) !== text);
  if (process.argv.includes('--check')) {
    for (const [name] of stale) console.log(`docs/rules/${name} is not in step with its rule.`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else for (const [name, text] of stale) writeFileSync(new URL(name, folder), text);
}
