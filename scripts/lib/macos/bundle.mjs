// Puts the app's bundle together on Linux as sysext/Makefile does on a Mac, unsigned but for the linker's ad-hoc signatures,
// and packs it for the packages. On a Mac, make leaves a signed one in the same place.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'fflate';
import { tarOf } from '../tar.mjs';
import { minimumMacos, root } from './toolchain.mjs';

export const appBundle = path.join(root, 'dist/macos/Flowtap.app');
export const appArchive = `${appBundle}.tar.gz`;

/** The system extension in the bundle. */
export const extensionsFolder = 'Contents/Library/SystemExtensions';

/** Before 1980 some tools make a date of it that is none. */
const mtime = 315_532_800;

/** `program(name)` is the file of both architectures. Nothing is written where nothing changed. */
export function makeBundle(program) {
  const work = `${appBundle}.new`;
  rmSync(work, { recursive: true, force: true });
  const put = (folder, executable, from, plist) => {
    mkdirSync(path.join(folder, 'Contents/MacOS'), { recursive: true });
    copyFileSync(program(from), path.join(folder, 'Contents/MacOS', executable));
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const text = setString(readFileSync(path.join(root, plist), 'utf8'), {
      CFBundleShortVersionString: version,
      LSMinimumSystemVersion: minimumMacos,
    });
    writeFileSync(path.join(folder, 'Contents/Info.plist'), text);
    return text;
  };
  const app = path.join(work, path.basename(appBundle));
  const extension = stringOf(
    readFileSync(path.join(root, 'sysext/macos/provider/Info.plist'), 'utf8'),
    'CFBundleIdentifier',
  );
  put(app, 'Flowtap', 'app', 'sysext/macos/app/Info.plist');
  put(
    path.join(app, extensionsFolder, `${extension}.systemextension`),
    extension,
    'extension',
    'sysext/macos/provider/Info.plist',
  );
  const archive = gzipSync(tarOf(app, { mtime }), { level: 9, mtime: mtime * 1000 });
  const same = existsSync(appArchive) && existsSync(appBundle) && readFileSync(appArchive).equals(archive);
  if (!same) {
    rmSync(appBundle, { recursive: true, force: true });
    renameSync(app, appBundle);
    writeFileSync(appArchive, archive);
  }
  rmSync(work, { recursive: true, force: true });
  return !same;
}

const element = (key) => new RegExp(`(<key>${key}</key>\\s*<string>)([^<]*)(</string>)`);

function stringOf(plist, key) {
  const found = element(key).exec(plist);
  if (!found) throw new Error(`a property list has no ${key}`);
  return found[2];
}

function setString(plist, values) {
  return Object.entries(values).reduce((text, [key, value]) => {
    stringOf(text, key);
    return text.replace(element(key), (_, before, __, after) => `${before}${value}${after}`);
  }, plist);
}
