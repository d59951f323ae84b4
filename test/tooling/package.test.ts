// What is in the packages, and that what they hold works from where it is unpacked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { outDir, root } from '../../scripts/lib/paths.mjs';

const here = `${process.platform}-${process.arch}`;
const programs = ['bridge.node', 'flowtap-run', 'flowtapd'];

type Entries = Record<string, Uint8Array>;
const read = (target: string): Entries => unzipSync(readFileSync(path.join(outDir, `flowtap-${target}.vsix`)));
const names = (entries: Entries): string[] => Object.keys(entries).filter((name) => name.startsWith('extension/'));

const allowed = [
  /^extension\/(package\.json|package\.nls(\.[a-z-]+)?\.json|readme\.md|changelog\.md|LICENSE\.txt|ThirdPartyNotices\.txt)$/i,
  /^extension\/[\w-]*language-configuration\.json$/,
  /^extension\/(media|syntaxes|l10n|docs\/images)\/[\w./-]+\.(svg|png|json|md|css)$/,
  /^extension\/dist\/(extension\.cjs|cli\.js|cli\/[\w-]+\.js|parts\/\w+\.cjs|webview\/[\w./-]+\.(js|css|ttf))$/,
  /^extension\/dist\/bin\//,
];

describe('the packages', () => {
  for (const target of [here, 'universal']) {
    it(`${target} holds what is needed to run, and nothing else`, () => {
      const found = names(read(target));
      assert.deepEqual(
        found.filter((name) => !allowed.some((pattern) => pattern.test(name))),
        [],
      );
      for (const needed of [
        'package.json',
        'LICENSE.txt',
        'dist/extension.cjs',
        'dist/cli.js',
        'dist/webview/panel.js',
        'media/flowtap.svg',
      ])
        assert.ok(found.includes(`extension/${needed}`), needed);
    });

    it(`${target} has every file that its manifest names`, () => {
      const entries = read(target);
      const manifest = Buffer.from(entries['extension/package.json']!).toString();
      const files = [...manifest.matchAll(/"(?:\.\/)?((?:dist|media|syntaxes|docs)\/[^"]+)"/g)].map((m) => m[1]!);
      assert.ok(files.length >= 3);
      assert.deepEqual(
        files.filter((file) => entries[`extension/${file}`] === undefined),
        [],
      );
    });
  }

  it('of a platform hold its own native programs only; the universal one has none', () => {
    const native = (target: string): string[] => names(read(target)).filter((name) => name.includes('/bin/'));
    assert.deepEqual(
      native(here).sort(),
      programs.map((name) => `extension/dist/bin/${here}/${name}`),
    );
    assert.deepEqual(native('universal'), []);
  });

  it('say for which platform they are', () => {
    const target = (name: string): string | undefined =>
      /TargetPlatform="([^"]+)"/.exec(Buffer.from(read(name)['extension.vsixmanifest']!).toString())?.[1];
    assert.equal(target(here), here);
    assert.equal(target('universal'), undefined);
  });

  it('name the licence of each package that is bundled', () => {
    const entries = read(here);
    const notices = Buffer.from(entries['extension/ThirdPartyNotices.txt']!).toString();
    for (const name of ['protobufjs', 'commander', 'protozero', 'node-api-headers'])
      assert.match(notices, new RegExp(`^---- ${name} [\\d.]+ \\(\\S+\\) ----$`, 'm'));
  });

  it('are the same, byte for byte, when made again by a user with another umask', function () {
    this.timeout(120_000);
    const make = (umask: number): Buffer => {
      const before = process.umask(umask);
      try {
        const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
        execFileSync(process.execPath, ['scripts/package.mjs', '--no-setup', 'universal'], { cwd: root, env });
      } finally {
        process.umask(before);
      }
      return readFileSync(path.join(outDir, 'flowtap-universal.vsix'));
    };
    assert.ok(make(0o022).equals(make(0o077)));
  });

  describe('unpacked', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
    const bin = path.join(dir, 'extension/dist/bin', here);
    before(() => {
      for (const [name, content] of Object.entries(read(here))) {
        const file = path.join(dir, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
        if (name.includes('/bin/')) chmodSync(file, 0o755);
      }
    });
    after(() => rmSync(dir, { recursive: true }));

    it('have programs that start', () => {
      const check = execFileSync(path.join(bin, 'flowtap-run'), ['--check'], { encoding: 'utf8' });
      assert.ok('mode' in JSON.parse(check));
      const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
      const cli = path.join(dir, 'extension/dist/cli.js');
      assert.equal(execFileSync(process.execPath, [cli, '--version'], { encoding: 'utf8' }).trim(), version);
    });

    it('have an addon that Node loads', () => {
      const script = `console.log(typeof require(${JSON.stringify(path.join(bin, 'bridge.node'))}).connect)`;
      assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim(), 'function');
    });
  });
});
