// Faults for the check of the bundle to find, each planted alone in a copy of the bundle and its entitlements.
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { extensionsFolder } from './bundle.mjs';
import { checkBundle } from './check-bundle.mjs';
import { tool } from './toolchain.mjs';

const id = 'dev.flowtap.app.extension';
const ext = `Flowtap.app/${extensionsFolder}/${id}.systemextension`;
const extProgram = `${ext}/Contents/MacOS/${id}`;
const appInfo = 'Flowtap.app/Contents/Info.plist';
const extInfo = `${ext}/Contents/Info.plist`;

const text = (file, from, to) => (folder) => {
  const full = path.join(folder, file);
  const before = readFileSync(full, 'utf8');
  const after = before.replaceAll(from, to);
  if (after === before) throw new Error(`${file} no longer has ${from}`);
  writeFileSync(full, after);
};
/** Bytes of the same length, in every architecture. */
const bytes = (file, from, to) => (folder) => {
  const full = path.join(folder, file);
  const before = readFileSync(full, 'latin1');
  const after = before.replaceAll(from, to);
  if (after === before || after.length !== before.length) throw new Error(`${file} has no such bytes`);
  writeFileSync(full, after, 'latin1');
};
const value = (key) => new RegExp(`(<key>${key}</key>\\s*<string>)[^<]*`, 'g');
const set = (file, key, to) => text(file, value(key), `$1${to}`);

export const plantedInBundle = {
  'an extension under another name': (folder) =>
    renameSync(path.join(folder, ext), path.join(folder, ext.replace(id, 'dev.flowtap.proxy'))),
  'an extension that is missing': (folder) => rmSync(path.join(folder, ext), { recursive: true }),
  'a program under another name': (folder) =>
    renameSync(path.join(folder, extProgram), path.join(folder, `${extProgram}2`)),
  'an identifier that is no child': set(extInfo, 'CFBundleIdentifier', 'org.other.extension'),
  'another type of bundle': set(extInfo, 'CFBundlePackageType', 'XPC!'),
  'another minimum of macOS': set(appInfo, 'LSMinimumSystemVersion', '12.0'),
  'another version': set(appInfo, 'CFBundleShortVersionString', '9.9.9'),
  'another build': set(extInfo, 'CFBundleVersion', '2'),
  'an app in the Dock': text(appInfo, /<key>LSUIElement<\/key>\s*<true\/>/g, ''),
  'an app that asks for another extension': set(appInfo, 'FlowtapExtension', 'dev.flowtap.other'),
  'no word on what it is for': set(extInfo, 'NSSystemExtensionUsageDescription', ''),
  'an endpoint outside the group': set(extInfo, 'NEMachServiceName', 'FLOWTAP000.dev.other.1'),
  'an endpoint without the build': set(extInfo, 'NEMachServiceName', 'FLOWTAP000.dev.flowtap.xpc'),
  'an endpoint outside NetworkExtension': text(extInfo, 'NEMachServiceName', 'NEMachService'),
  'a kind of provider that is none': text(extInfo, 'networkextension.app-proxy', 'networkextension.transparent-proxy'),
  'a class that is none': text(extInfo, 'FlowtapProvider', 'FlowtapProxyProvider'),
  'a damaged property list': text(extInfo, '</plist>', '<plist>'),
  'the value for development with Developer ID': text(
    'provider/DeveloperID.entitlements',
    'app-proxy-provider-systemextension',
    'app-proxy-provider',
  ),
  'the value of Developer ID in development': text(
    'app/Development.entitlements',
    'app-proxy-provider',
    'app-proxy-provider-systemextension',
  ),
  'another group of the app': text('app/DeveloperID.entitlements', 'FLOWTAP000.dev.flowtap', 'FLOWTAP000.dev.app'),
  'a group without the Team ID': text('provider/Development.entitlements', 'FLOWTAP000.', 'group.'),
  'an app that may not install': text(
    'app/Development.entitlements',
    'system-extension.install',
    'system-extension.redistributable',
  ),
  'an extension without a sandbox': text(
    'provider/DeveloperID.entitlements',
    /<key>com.apple.security.app-sandbox<\/key>\s*<true\/>/g,
    '',
  ),
  'an extension that may be debugged': text(
    'provider/DeveloperID.entitlements',
    /<\/dict>\s*<\/plist>/g,
    '<key>com.apple.security.get-task-allow</key><true/></dict></plist>',
  ),
  'a misspelt override': bytes(extProgram, 'handleNewFlow:', 'handleNewflow:'),
  'another superclass': bytes(
    extProgram,
    '_OBJC_CLASS_$_NETransparentProxyProvider',
    '_OBJC_CLASS_$_NETransparentProxyProvided',
  ),
  'a delegate that misses an answer': bytes(
    'Flowtap.app/Contents/MacOS/Flowtap',
    'requestNeedsUserApproval:',
    'requestNeedsUserApprovaI:',
  ),
  'a library of the building machine': bytes(extProgram, '/usr/lib/libbsm.0.dylib', '/opt/lib/libbsm.0.dylib'),
  // LC_BUILD_VERSION: 32 bytes, platform macOS (1), 13.0.
  'a program for a newer macOS': bytes(
    extProgram,
    '\x32\0\0\0\x20\0\0\0\x01\0\0\0\0\0\x0d\0',
    '\x32\0\0\0\x20\0\0\0\x01\0\0\0\0\0\x0e\0',
  ),
  // LC_CODE_SIGNATURE becomes LC_DYLIB_CODE_SIGN_DRS, of the same shape.
  'no signature': bytes(extProgram, '\x1d\0\0\0\x10\0\0\0', '\x2b\0\0\0\x10\0\0\0'),
  'one architecture': (folder) => {
    const file = path.join(folder, extProgram);
    spawnSync(tool('llvm-lipo'), ['-thin', 'arm64', file, '-output', `${file}.thin`]);
    renameSync(`${file}.thin`, file);
  },
};

/** The faults that were not noticed. */
export function unnoticedInBundle({ app, entitlements, version }) {
  const missed = [];
  for (const [what, plant] of Object.entries(plantedInBundle)) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-bundle-'));
    try {
      cpSync(app, path.join(folder, 'Flowtap.app'), { recursive: true });
      for (const part of ['app', 'provider'])
        cpSync(path.join(entitlements, part), path.join(folder, part), {
          recursive: true,
          filter: (f) => !/\.(mm|cc|h)$/.test(f),
        });
      plant(folder);
      let problems = 0;
      const count = (ok) => {
        if (!ok) problems++;
        return ok;
      };
      checkBundle({ app: path.join(folder, 'Flowtap.app'), entitlements: folder, version }, count);
      if (problems === 0) missed.push(what);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return missed;
}
