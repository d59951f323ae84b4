// What `make sign`, `notarize` and `check` do on a Mac, with stand-ins of Apple's tools: names, entitlements and order.
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parsePlist } from '../../../src/plist/plist.ts';
import { lookup } from '../../../src/plist/value.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const tools = path.join(root, 'test/support/mac-tools.py');
const has = (program: string): boolean => !spawnSync(program, ['--version']).error;

interface Call {
  readonly tool: string;
  readonly args: readonly string[];
  readonly entitlements?: Readonly<Record<string, unknown>>;
  /** Whether the bundle that is signed has its profile by then. */
  readonly profile?: boolean;
}

const profile = (id: string): string => `<plist version="1.0"><dict>
<key>TeamIdentifier</key><array><string>A1B2C3D4E5</string></array>
<key>Entitlements</key><dict><key>com.apple.application-identifier</key><string>A1B2C3D4E5.${id}</string></dict>
</dict></plist>`;

describe('make on a Mac', function () {
  this.timeout(60_000); // each stand-in is a process
  let folder: string;
  const inFolder = (...parts: string[]): string => path.join(folder, ...parts);

  before(function () {
    if (!has('make') || !has('python3')) this.skip();
  });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-make-'));
    for (const name of ['bin', 'out']) fs.mkdirSync(inFolder(name));
    for (const tool of ['plutil', 'security', 'codesign', 'xcrun', 'ditto', 'spctl'])
      fs.symlinkSync(tools, inFolder('bin', tool));
    // What make has compiled and joined.
    for (const program of ['app', 'extension']) fs.writeFileSync(inFolder('out', program), program, { mode: 0o755 });
    fs.writeFileSync(inFolder('app.provisionprofile'), profile('com.example.tap'));
    fs.writeFileSync(inFolder('ext.provisionprofile'), profile('com.example.tap.proxy'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  function make(target: string, settings: Record<string, string> = {}, authority = ''): SpawnSyncReturns<string> {
    const given = { OUT: inFolder('out'), APP: inFolder('Flowtap.app'), BUILD: '42', ...settings };
    const kept = ['app', 'extension'].flatMap((name) => ['-o', inFolder('out', name)]);
    const args = ['-C', path.join(root, 'sysext'), ...kept, target];
    return spawnSync('make', [...args, ...Object.entries(given).map(([name, value]) => `${name}=${value}`)], {
      encoding: 'utf8',
      cwd: folder,
      env: {
        ...process.env,
        PWD: folder, // as a shell has it
        PATH: `${inFolder('bin')}:${process.env['PATH']}`,
        MAC_TOOLS_LOG: inFolder('log'),
        MAC_TOOLS_AUTHORITY: authority,
      },
    });
  }
  const signing = (identity: string): Record<string, string> => ({
    SIGN_ID: identity,
    APP_PROFILE: 'app.provisionprofile',
    EXT_PROFILE: inFolder('ext.provisionprofile'),
  });
  const calls = (): Call[] =>
    fs
      .readFileSync(inFolder('log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Call);
  const done = (result: SpawnSyncReturns<string>): void => assert.equal(result.status, 0, result.stderr);
  const extension = 'Flowtap.app/Contents/Library/SystemExtensions/com.example.tap.proxy.systemextension';
  const info = (bundle: string, ...keys: string[]): string => {
    const value = lookup(parsePlist(fs.readFileSync(inFolder(bundle, 'Contents/Info.plist'))).root, ...keys);
    return value?.kind === 'string' ? value.value : '';
  };

  for (const [identity, value] of [
    ['Apple Development: X', 'app-proxy-provider'],
    ['Developer ID Application: X', 'app-proxy-provider-systemextension'],
  ] as const)
    it(`signs as ${identity.split(':')[0]}, by the names in the profiles and what they permit, what lies inside first`, () => {
      done(make('sign', signing(identity)));
      assert.equal(info('Flowtap.app', 'CFBundleIdentifier'), 'com.example.tap');
      assert.equal(info('Flowtap.app', 'FlowtapExtension'), 'com.example.tap.proxy');
      assert.equal(info(extension, 'CFBundleIdentifier'), 'com.example.tap.proxy');
      assert.equal(info(extension, 'FlowtapApp'), 'com.example.tap');
      assert.equal(info(extension, 'NetworkExtension', 'NEMachServiceName'), 'A1B2C3D4E5.dev.flowtap.42');
      for (const bundle of ['Flowtap.app', extension]) {
        assert.equal(info(bundle, 'CFBundleVersion'), '42');
        const program = inFolder(bundle, 'Contents/MacOS', info(bundle, 'CFBundleExecutable'));
        fs.accessSync(program, fs.constants.X_OK);
      }
      const signed = calls().filter(({ tool }) => tool === 'codesign');
      assert.deepEqual(
        signed.map(({ args }) => args.at(-1)),
        [inFolder(extension), inFolder('Flowtap.app')],
      );
      const ids = ['com.example.tap.proxy', 'com.example.tap'];
      for (const [i, { args, entitlements = {}, profile: embedded }] of signed.entries()) {
        assert(embedded);
        assert(args.includes('--timestamp'));
        assert.equal(args[args.indexOf('--options') + 1], 'runtime');
        assert.equal(args[args.indexOf('--sign') + 1], identity);
        assert.deepEqual(entitlements['com.apple.developer.networking.networkextension'], [value]);
        assert.deepEqual(entitlements['com.apple.security.application-groups'], ['A1B2C3D4E5.dev.flowtap']);
        assert.equal(entitlements['com.apple.application-identifier'], `A1B2C3D4E5.${ids[i]}`);
        assert.equal(entitlements['com.apple.developer.team-identifier'], 'A1B2C3D4E5');
        assert.equal(entitlements['com.apple.security.app-sandbox'], i === 0 ? true : undefined);
        assert.equal(entitlements['com.apple.developer.system-extension.install'], i === 1 ? true : undefined);
      }
      const packed = spawnSync('tar', ['-tzf', inFolder('Flowtap.app.tar.gz')], { encoding: 'utf8' }).stdout;
      assert.match(packed, /^Flowtap\.app\/Contents\/embedded\.provisionprofile$/m);
    });

  it('says what is missing before it signs anything', () => {
    for (const lacking of ['SIGN_ID', 'APP_PROFILE', 'EXT_PROFILE']) {
      const { status, stderr } = make('sign', { ...signing('Apple Development: X'), [lacking]: '' });
      assert.notEqual(status, 0);
      assert.match(stderr, new RegExp(`^${lacking} is missing`, 'm'));
    }
    assert(!fs.existsSync(inFolder('log')) || calls().every(({ tool }) => tool !== 'codesign'));
  });

  it('packs what was notarised with the ticket that was stapled to it', () => {
    done(make('notarize', { ...signing('Developer ID Application: X'), NOTARY_PROFILE: 'mine' }));
    const steps = calls().map(({ tool, args }) => (tool === 'xcrun' ? args[0] : tool));
    assert.deepEqual(steps, ['codesign', 'codesign', 'ditto', 'notarytool', 'stapler']);
    const sent = calls().find(({ args }) => args[0] === 'notarytool')?.args ?? [];
    assert(sent.includes('--wait'));
    assert.equal(sent[sent.indexOf('--keychain-profile') + 1], 'mine');
    const packed = spawnSync('tar', ['-tzf', inFolder('Flowtap.app.tar.gz')], { encoding: 'utf8' }).stdout;
    assert.match(packed, /^Flowtap\.app\/Contents\/CodeResources$/m);
  });

  it('checks the bundle that is there, and asks Gatekeeper only of what can be notarised', () => {
    done(make('sign', signing('Apple Development: X')));
    done(make('check', {}, 'Apple Development: X'));
    assert(calls().every(({ tool }) => tool !== 'spctl'));
    assert(calls().some(({ args }) => args.includes('--verify') && args.includes('--strict')));
    const shown = calls().filter(({ args }) => args.includes('--xml'));
    assert.deepEqual(
      shown.map(({ args }) => args.at(-1)),
      [inFolder('Flowtap.app'), inFolder(extension)],
    );
    done(make('check', {}, 'Developer ID Application: X (A1B2C3D4E5)'));
    assert.equal(calls().filter(({ tool }) => tool === 'spctl').length, 1);
  });
});
