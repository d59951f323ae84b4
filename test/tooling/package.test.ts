// What is in the packages, and that what they hold works from where it is unpacked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { outDir, root, which } from '../../scripts/lib/paths.mjs';
import { otherArch, qemuProgram } from '../../scripts/lib/setup/cross.mjs';
import { machines, readElf } from '../support/elf.ts';

const here = `${process.platform}-${process.arch}`;
const linuxPrograms = ['bridge.node', 'flowtap-run', 'flowtapd'];
const targets: Record<string, string[]> = {
  'linux-x64': linuxPrograms,
  'linux-arm64': linuxPrograms,
  'darwin-x64': ['Flowtap.app.tar.gz', 'bridge.node'],
  'darwin-arm64': ['Flowtap.app.tar.gz', 'bridge.node'],
  universal: [],
};
const limitBytes = 6 * 1024 * 1024;

type Entries = Record<string, Uint8Array>;
const fileOf = (target: string): string => path.join(outDir, `flowtap-${target}.vsix`);
/** Those of other platforms are there where their programs can be built. */
const made = (target: string): boolean => target === here || target === 'universal' || existsSync(fileOf(target));
const read = (target: string): Entries => unzipSync(readFileSync(fileOf(target)));
const names = (entries: Entries): string[] => Object.keys(entries).filter((name) => name.startsWith('extension/'));

const allowed = [
  /^extension\/(package\.json|package\.nls(\.[a-z-]+)?\.json|readme\.md|changelog\.md|LICENSE\.txt|ThirdPartyNotices\.txt)$/i,
  /^extension\/[\w-]*language-configuration\.json$/,
  /^extension\/(media|syntaxes|l10n|docs\/images)\/[\w./-]+\.(svg|png|json|md|css)$/,
  /^extension\/dist\/(extension\.cjs|cli\.js|cli\/[\w-]+\.js|parts\/\w+\.cjs|webview\/[\w./-]+\.(js|css|ttf))$/,
  /^extension\/dist\/bin\//,
];

describe('the packages', () => {
  for (const target of Object.keys(targets)) {
    beforeEach(function () {
      if (!this.currentTest?.title.startsWith(target)) return;
      if (!made(target)) this.skip(); // The set-up has said why.
    });

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

    it(`${target} has its own native programs only, and says for which platform they are`, () => {
      const entries = read(target);
      assert.deepEqual(
        names(entries)
          .filter((name) => name.includes('/bin/'))
          .sort(),
        targets[target]!.map((name) => `extension/dist/bin/${target}/${name}`).sort(),
      );
      const said = /TargetPlatform="([^"]+)"/.exec(Buffer.from(entries['extension.vsixmanifest']!).toString())?.[1];
      assert.equal(said, target === 'universal' ? undefined : target);
      assert.ok(readFileSync(fileOf(target)).length <= limitBytes);
    });

    it(`${target} is the same, byte for byte, when made again by a user with another umask`, function () {
      this.timeout(120_000);
      const shipped = readFileSync(fileOf(target));
      const make = (umask: number): Buffer => {
        const before = process.umask(umask);
        try {
          const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
          execFileSync(process.execPath, ['scripts/package.mjs', '--no-setup', target], { cwd: root, env });
        } finally {
          process.umask(before);
        }
        return readFileSync(fileOf(target));
      };
      try {
        assert.ok(make(0o022).equals(make(0o077)));
      } finally {
        writeFileSync(fileOf(target), shipped); // Others test this one, which has the commit's time.
      }
    });
  }

  for (const arch of ['x64', 'arm64'] as const)
    it(`linux-${arch} has programs that need no C library, and an addon that needs glibc 2.28 at most`, () => {
      const entries = read(`linux-${arch}`);
      for (const name of linuxPrograms) {
        const elf = readElf(Buffer.from(entries[`extension/dist/bin/linux-${arch}/${name}`]!));
        assert.equal(elf.machine, machines[arch], name);
        assert.equal(elf.interpreter, undefined, name);
        if (name !== 'bridge.node') assert.deepEqual(elf.glibc, [], name);
        else assert.ok(elf.glibc.length > 0 && elf.glibc.every((v) => Number(v.split('.')[1]) <= 28), `${elf.glibc}`);
      }
    });

  it(`linux-${otherArch} has programs that run on that processor`, function () {
    const target = `linux-${otherArch}`;
    if (!made(target) || !which(qemuProgram)) this.skip();
    const dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
    try {
      const run = (name: string, ...args: string[]): string => {
        const file = path.join(dir, name);
        writeFileSync(file, read(target)[`extension/dist/bin/${target}/${name}`]!, { mode: 0o755 });
        return execFileSync(qemuProgram, [file, ...args], { encoding: 'utf8' });
      };
      assert.match(run('flowtapd', '--help'), /--ensure/);
      assert.match(run('flowtap-run', '--help'), /--capture/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('name the licence of each package that is bundled', () => {
    const entries = read(here);
    const notices = Buffer.from(entries['extension/ThirdPartyNotices.txt']!).toString();
    for (const name of ['protobufjs', 'commander', 'protozero', 'node-api-headers'])
      assert.match(notices, new RegExp(`^---- ${name} [\\d.]+ \\(\\S+\\) ----$`, 'm'));
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
