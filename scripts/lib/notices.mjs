// The licences of what the package contains of others: found in the bundles' source maps, so that none is forgotten.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

const maps = ['dist/extension.cjs.map', 'dist/parts', 'dist/cli.js.map', 'dist/cli', 'dist/webview'];
/** Headers that are compiled into the native programs. */
const nativePackages = ['node-api-headers', 'protozero'];

export function notices(withNative) {
  const names = new Set(withNative ? nativePackages : []);
  for (const map of maps.flatMap(mapFiles))
    for (const source of JSON.parse(readFileSync(map, 'utf8')).sources) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
      if (name) names.add(name);
    }
  const parts = [...names].sort().map(notice);
  return `Flowtap contains the following packages of others.\n\n${parts.join('\n')}`;
}

function mapFiles(entry) {
  const full = path.join(root, entry);
  if (!existsSync(full)) return [];
  if (entry.endsWith('.map')) return [full];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.map'))
    .map((f) => path.join(full, f));
}

function notice(name) {
  const dir = path.join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const texts = readdirSync(dir)
    .filter((f) => /^(licen[cs]e|copying|notice)/i.test(f))
    .sort()
    .map((f) => readFileSync(path.join(dir, f), 'utf8').trim());
  return `---- ${name} ${version} (${license}) ----\n\n${texts.join('\n\n') || 'Its package has no licence text.'}\n`;
}
