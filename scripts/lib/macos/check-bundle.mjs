// What must be true of the app's bundle, told from its files: property lists, entitlements, programs. A copy with a fault
// planted in it has to be noticed, see planted-bundle.mjs. Run with Node 24: it reads property lists with the extension's code.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parsePlist } from '../../../src/plist/plist.ts';
import { extensionsFolder } from './bundle.mjs';
import { minimumMacos, root, tool } from './toolchain.mjs';

export const architectures = ['arm64', 'x86_64'];
/** Where a program may load a library from: the system, never a path of the machine that built it. */
const systemLibrary = /^\/(usr\/lib|System\/Library\/Frameworks)\//;
const provider = { class: 'FlowtapProvider', superclass: 'NETransparentProxyProvider' };
/** What the system calls. One that is misspelt compiles and is never called. */
const overrides = [
  'startProxyWithOptions:completionHandler:',
  'stopProxyWithReason:completionHandler:',
  'handleNewFlow:',
  'handleNewUDPFlow:initialRemoteEndpoint:',
  'handleNewUDPFlow:initialRemoteFlowEndpoint:',
  'sleepWithCompletionHandler:',
  'wake',
];
const answers = {
  class: 'FlowtapRequest',
  methods: [
    'request:actionForReplacingExtension:withExtension:',
    'requestNeedsUserApproval:',
    'request:didFinishWithResult:',
    'request:didFailWithError:',
    'request:foundProperties:',
  ],
};
const keys = {
  ne: 'com.apple.developer.networking.networkextension',
  install: 'com.apple.developer.system-extension.install',
  groups: 'com.apple.security.application-groups',
  sandbox: 'com.apple.security.app-sandbox',
  client: 'com.apple.security.network.client',
  debug: 'com.apple.security.get-task-allow',
};
/** The plain value is for development and the App Store, the other for Developer ID. */
const shapes = { Development: 'app-proxy-provider', DeveloperID: 'app-proxy-provider-systemextension' };

export function output(name, args) {
  const { stdout, error, status, stderr } = spawnSync(tool(name), args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error || status !== 0) throw new Error(`${tool(name)} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** A property list as plain values; {} with a problem told where it is none. */
function readPlist(file, check) {
  const bytes = existsSync(file) ? readFileSync(file) : undefined;
  if (!check(bytes !== undefined, `${file} is there`)) return {};
  const { root: value, errors } = parsePlist(bytes);
  check(errors.length === 0 && value?.kind === 'dict', `${file} is a sound property list`);
  return value ? plain(value) : {};
}
function plain(value) {
  if (value.kind === 'dict') return Object.fromEntries(value.entries.map((e) => [e.key, plain(e.value)]));
  if (value.kind === 'array') return value.items.map(plain);
  return value.value;
}

/** @param check (ok, what) => ok. `entitlements` holds app/ and provider/ with one file per shape. */
export function checkBundle({ app, entitlements, version }, check) {
  const info = readPlist(path.join(app, 'Contents/Info.plist'), check);
  const folder = path.join(app, extensionsFolder);
  const bundles = existsSync(folder) ? readdirSync(folder) : [];
  if (!check(bundles.length === 1, `the app carries one system extension, not ${bundles.length}`)) return;
  const extension = path.join(folder, bundles[0]);
  const ext = readPlist(path.join(extension, 'Contents/Info.plist'), check);
  const [appId, extId] = [info.CFBundleIdentifier ?? '', ext.CFBundleIdentifier ?? ''];
  const network = ext.NetworkExtension ?? {};
  const endpoint = network.NEMachServiceName ?? '';

  check(
    info.CFBundlePackageType === 'APPL' && info.LSUIElement === true,
    'the app is an application without a Dock icon',
  );
  check(ext.CFBundlePackageType === 'SYSX', 'the extension is of the type SYSX');
  check(/^[A-Za-z0-9.-]+$/.test(appId) && extId.startsWith(`${appId}.`), `${extId} is a child of ${appId}`);
  check(bundles[0] === `${extId}.systemextension`, `the extension's folder has its identifier's name: ${bundles[0]}`);
  check(info.FlowtapExtension === extId && ext.FlowtapApp === appId, 'app and extension name each other');
  check(
    info.CFBundleShortVersionString === version && ext.CFBundleShortVersionString === version,
    `both are version ${version}`,
  );
  check(
    /^\d+$/.test(ext.CFBundleVersion ?? '') && info.CFBundleVersion === ext.CFBundleVersion,
    'both are of one build',
  );
  check(
    [info, ext].every((i) => i.LSMinimumSystemVersion === minimumMacos),
    `both run on macOS ${minimumMacos}`,
  );
  check((ext.NSSystemExtensionUsageDescription ?? '').length > 20, 'the extension says what it is for');
  check(endpoint.endsWith(`.${ext.CFBundleVersion}`), `the endpoint ${endpoint} ends in the build`);
  check(
    JSON.stringify(network.NEProviderClasses) ===
      JSON.stringify({ 'com.apple.networkextension.app-proxy': provider.class }),
    `the provider's class is ${provider.class}, under app-proxy`,
  );
  checkEntitlements(entitlements, endpoint, check);

  const programs = [
    {
      file: path.join(app, 'Contents/MacOS', info.CFBundleExecutable ?? ''),
      frameworks: ['SystemExtensions', 'NetworkExtension'],
      ...answers,
    },
    {
      file: path.join(extension, 'Contents/MacOS', ext.CFBundleExecutable ?? ''),
      frameworks: ['NetworkExtension'],
      class: provider.class,
      superclass: provider.superclass,
      methods: overrides,
    },
  ];
  for (const program of programs) {
    const name = path.relative(app, program.file);
    if (!check(existsSync(program.file) && !program.file.endsWith('MacOS/'), `${name} is there`)) continue;
    const archs = output('llvm-lipo', ['-archs', program.file]).trim().split(/\s+/).sort();
    if (!check(archs.join(' ') === architectures.join(' '), `${name} is for both architectures: ${archs}`)) continue;
    for (const arch of architectures) checkProgram(program, name, arch, check);
  }
}

/** One architecture of a program. */
function checkProgram({ file, frameworks, class: name, superclass, methods }, program, arch, check) {
  const what = `${program} (${arch})`;
  const commands = output('llvm-objdump', ['--macho', '--private-headers', '--arch', arch, file]);
  const symbols = output('llvm-nm', ['-m', '--arch', arch, file]);
  checkLoadCommands(what, commands, check);
  for (const framework of frameworks)
    check(commands.includes(`/${framework}.framework/`), `${what} is linked with ${framework}`);
  for (const method of methods) check(symbols.includes(` -[${name} ${method}]`), `${what} has -[${name} ${method}]`);
  // The selector is what the system looks for; it stands in the table of names by itself.
  const bytes = readFileSync(file).toString('latin1');
  for (const method of methods) check(bytes.includes(`\0${method}\0`), `${what} has the selector ${method}`);
  if (superclass)
    check(symbols.includes(`_OBJC_CLASS_$_${superclass} (from NetworkExtension)`), `${what} knows ${superclass}`);
  check(!symbols.includes('dynamically looked up'), `${what} leaves nothing open`);
  check(!bytes.includes(root), `${what} holds no path of the building machine`);
}

export function checkLoadCommands(what, commands, check) {
  check(
    new RegExp(`platform macos[\\s\\S]*?minos ${minimumMacos.replace('.', '\\.')}\\b`).test(commands),
    `${what} runs on macOS ${minimumMacos}`,
  );
  check(commands.includes('LC_CODE_SIGNATURE'), `${what} carries a signature`);
  const libraries = [...commands.matchAll(/cmd LC_(?:LOAD|LOAD_WEAK|REEXPORT)_DYLIB[\s\S]*?name (\S+)/g)].map(
    (m) => m[1],
  );
  check(
    libraries.length > 0 && libraries.every((l) => systemLibrary.test(l)),
    `${what} loads system libraries only: ${libraries}`,
  );
  check(!commands.includes('cmd LC_RPATH'), `${what} has no search path for libraries`);
}

function checkEntitlements(folder, endpoint, check) {
  for (const [shape, value] of Object.entries(shapes)) {
    const [app, ext] = ['app', 'provider'].map((part) =>
      readPlist(path.join(folder, part, `${shape}.entitlements`), check),
    );
    for (const [part, claims] of [
      ['app', app],
      ['extension', ext],
    ]) {
      check(JSON.stringify(claims[keys.ne]) === JSON.stringify([value]), `${shape}: the ${part} claims ${value} alone`);
      check(claims[keys.debug] === undefined, `${shape}: the ${part} leaves debugging to who signs`);
    }
    const groups = ext[keys.groups] ?? [];
    check(
      groups.length === 1 && JSON.stringify(app[keys.groups]) === JSON.stringify(groups),
      `${shape}: app and extension share one group`,
    );
    check(/^[A-Z0-9]{10}\./.test(groups[0] ?? ''), `${shape}: the group begins with a Team ID: ${groups[0]}`);
    check(endpoint.startsWith(`${groups[0]}.`), `${shape}: the endpoint ${endpoint} is a child of ${groups[0]}`);
    check(
      app[keys.install] === true && ext[keys.install] === undefined,
      `${shape}: the app alone installs the extension`,
    );
    check(
      ext[keys.sandbox] === true && ext[keys.client] === true,
      `${shape}: the extension is sandboxed, with the network`,
    );
  }
}
