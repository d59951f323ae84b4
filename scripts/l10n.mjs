// Collects the strings of the editor and its panel that are shown to people into l10n/bundle.l10n.json, from which translations
// start (l10n/bundle.l10n.<language>.json). Strings stand as literals in calls of t() or l10n.t(); in folders that know
// no editor, of message() (src/flow/message.ts), which the editor translates.
//   node scripts/l10n.mjs [--check]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const bundle = path.join(root, 'l10n/bundle.l10n.json');
const literal = /\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[^\s)])/.source;
const inEditor = new RegExp(/(?<![\w$.])(?:(?:vscode\.)?l10n\.)?t/.source + literal, 'g');
const elsewhere = new RegExp(/(?<![\w$.])message/.source + literal, 'g');
/** Where strings stand, and in calls of what. */
const places = [
  ['src/editor', inEditor],
  ['src/webview', inEditor],
  ['src/flow/query', elsewhere],
  ['src/proxy', elsewhere],
];

/** Throws where a call has no literal: that string could never be translated. */
export function stringsIn(text, file, call = inEditor) {
  return [...text.matchAll(call)].map(([all, literal]) => {
    if (!/^['"]/.test(literal)) throw new Error(`${file}: ${all}… needs a literal string`);
    return literal
      .slice(1, -1)
      .replace(/\\(u[\da-f]{4}|.)/gi, (_, c) =>
        c.length > 1 ? String.fromCharCode(parseInt(c.slice(1), 16)) : c === 'n' ? '\n' : c,
      );
  });
}

export function collect() {
  const strings = places.flatMap(([folder, call]) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((f) => f.endsWith('.ts'))
      .flatMap((f) => stringsIn(readFileSync(path.join(root, folder, f), 'utf8'), `${folder}/${f}`, call)),
  );
  return (
    JSON.stringify(
      Object.fromEntries([...new Set(strings)].sort((a, b) => (a < b ? -1 : 1)).map((s) => [s, s])),
      null,
      2,
    ) + '\n'
  );
}

if (process.argv[1] === import.meta.filename) {
  const wanted = collect();
  if (!process.argv.includes('--check')) writeFileSync(bundle, wanted);
  else if (readFileSync(bundle, 'utf8') !== wanted) {
    console.error('l10n/bundle.l10n.json is not up to date: run node scripts/l10n.mjs');
    process.exit(1);
  }
}
