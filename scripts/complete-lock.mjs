// npm run lock: run it after `npm install`. A registry mirror may lack a package's binaries for other platforms; npm
// then leaves them out of package-lock.json, and `npm ci` refuses that lock. This adds what is missing, so that the
// lock is whole on every platform. (npm fetches such a package only where its os, cpu and libc fit.)
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/paths.mjs';

const file = path.join(root, 'package-lock.json');
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const libcs = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** `…-linux-x64-musl` -> { os, cpu, libc }; undefined where a name does not say it. */
export function platformOf(name) {
  const words = name.split(/[-/]/);
  const at = words.findLastIndex((word) => systems.includes(word));
  const cpu = words[at + 1];
  if (at < 0 || !cpu) return undefined;
  const libc = libcs[words[at + 2]];
  return { ...(libc ? { libc: [libc] } : {}), os: [words[at]], cpu: [cpu] };
}

/** The optional packages of a parsed lock that have no entry: names and wanted versions, with who wants them. */
export function missingFrom({ packages }) {
  const missing = [];
  for (const [from, { dev, optionalDependencies = {} }] of Object.entries(packages))
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const nested = `${from}/node_modules/${name}`;
      if (packages[`node_modules/${name}`] || packages[nested]) continue;
      missing.push({ name, version, from, dev });
    }
  return missing;
}

if (path.resolve(process.argv[1]) === import.meta.filename) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingFrom(lock);
  for (const { name, version, from, dev } of missing) {
    const platform = platformOf(name);
    if (!platform || !/^\d+\.\d+\.\d+$/.test(version))
      throw new Error(`${from} wants ${name}@${version}: run npm install with a registry that has it`);
    const { libc, ...rest } = platform;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: rest.cpu,
      ...(dev ? { dev } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os: rest.os,
    };
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} packages for other platforms added`);
}
