// The licences of what the package contains of others: found in the bundles' source maps, so that none is forgotten.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

const maps = ['dist/extension.cjs.map', 'dist/parts', 'dist/cli.js.map', 'dist/cli', 'dist/webview'];
/** Headers that are compiled into the native programs. */
const nativePackages = ['node-api-headers', 'protozero'];

/** `target` as VS Code names it, or "universal". */
export function notices(target) {
  const names = new Set(target === 'universal' ? [] : nativePackages);
  for (const map of maps.flatMap(mapFiles))
    for (const source of JSON.parse(readFileSync(map, 'utf8')).sources) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
      if (name) names.add(name);
    }
  const parts = [...names].sort().map(notice);
  if (target.startsWith('linux-')) parts.push(systemLibraries());
  return `Flowtap contains the following packages of others.\n\n${parts.join('\n')}`;
}

/** The Linux programs are linked statically. Where to get what relinks them has to be said (LGPL 2.1, section 6). */
function systemLibraries() {
  const licence = '/usr/share/common-licenses/LGPL-2.1';
  return [
    '---- GNU C Library (LGPL-2.1-or-later), libstdc++ and libgcc (GPL-3.0-or-later with the GCC Runtime Library Exception) ----',
    '',
    'The programs in dist/bin are linked with these libraries of Debian 12. Flowtap is free software: with its sources,',
    '"npm run build:native" links the programs anew with any version of them.',
    '',
    existsSync(licence)
      ? readFileSync(licence, 'utf8')
      : 'The licence: https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html',
  ].join('\n');
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
