import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fixture } from '../../support/project.ts';
import { plist } from '../../support/plists.ts';
import { TestCli } from '../../support/cli-context.ts';
import { filesOfSound, sound } from '../../support/sound.ts';

const write = (folder: string, files: Readonly<Record<string, string | Uint8Array>>): void => {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
};
const cli = (): TestCli => new TestCli('/nowhere');

describe('flowtap lint and explain', () => {
  const start = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-lint-')));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(start);
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const json = async (
    ...args: string[]
  ): Promise<{ status: number; found: { rule: string; file: string; line: number }[] }> => {
    const c = cli();
    const status = await c.run('lint', '--format', 'json', ...args);
    return { status, found: JSON.parse(c.stdout.text) as { rule: string; file: string; line: number }[] };
  };

  it('finds the mistakes of the seed, with places relative to the current folder', async () => {
    write('one/seed', fixture('seed'));
    const { status, found } = await json('one');
    assert.equal(status, 1);
    const at = (rule: string): string[] => found.filter((f) => f.rule === rule).map((f) => `${f.file}:${f.line}`);
    assert.deepEqual(at('SRC001'), ['one/seed/App/Server.m:14']);
    assert.deepEqual(at('X009'), ['one/seed/Extension/Client.m:11']);
    assert.deepEqual(at('ENT009'), [
      'one/seed/App/App.entitlements:17',
      'one/seed/Extension/Extension.entitlements:15',
    ]);
    assert.equal(at('SRC007').length, 1);
  });
  it('says 0 of a sound project, in each format', async () => {
    write('.', filesOfSound(sound()));
    const text = cli();
    assert.equal(await text.run('lint', '.'), 0);
    assert.equal(text.stdout.text, 'No findings.\n');
    assert.equal((await json('.')).status, 0);
    const sarif = cli();
    assert.equal(await sarif.run('lint', '.', '--format', 'sarif'), 0);
    assert.equal((JSON.parse(sarif.stdout.text) as { version: string }).version, '2.1.0');
  });
  it('takes a file that is named for what it holds', async () => {
    const text = plist({ 'com.apple.security.app-sandbox': true, 'com.apple.security.xpc.server': true, own: true });
    write('.', { signed: text, 'dist/App.entitlements': text, 'words.txt': 'no property list' });
    assert.deepEqual((await json('.')).found, [], 'nobody says that these are entitlements');
    for (const name of ['signed', 'dist/App.entitlements'])
      assert.deepEqual(
        (await json(name)).found.map((f) => `${f.rule} ${f.file}`),
        [`ENT009 ${name}`],
      );
    assert.deepEqual(await json('words.txt'), { status: 0, found: [] });
  });
  it("looks at the entitlements in Electron's build folder, and at nothing else there", async () => {
    const text = plist({ 'com.apple.security.xpc.server': true });
    write('.', { 'build/entitlements.mac.plist': text, 'build/deep/a.entitlements': text, 'build/other.plist': text });
    assert.deepEqual(
      (await json('.')).found.map((f) => f.file),
      ['build/entitlements.mac.plist'],
    );
  });
  it('judges a file within its project, and reports it alone', async () => {
    write('p', fixture('seed'));
    const { status, found } = await json('p/App/Server.m', 'p/App/../App/Server.m');
    assert.equal(status, 1);
    assert.deepEqual([...new Set(found.map((f) => f.file))], ['p/App/Server.m']);
    assert.equal(found.filter((f) => f.rule === 'SRC001').length, 1);
    assert.equal((await json('p/App/App.entitlements')).status, 0);
  });
  it('judges a folder within its project', async () => {
    write('p', filesOfSound(sound()));
    assert.deepEqual((await json('p/Ext')).found, []);
    write('q', fixture('seed'));
    const { found } = await json('q/Extension');
    assert.ok(found.some((f) => f.rule === 'X009') && found.every((f) => f.file.startsWith('q/Extension/')));
  });
  it('reports a file once, however often it is named', async () => {
    write('p', fixture('seed'));
    const once = (await json('p')).found.length;
    assert.equal(
      (await json('p', 'p/App', './p', 'p/Seed.xcodeproj')).found.filter((f) => f.rule === 'SRC001').length,
      1,
    );
    assert.equal((await json('p', './p')).found.length, once);
  });
  it('takes several projects in one folder', async () => {
    write('bad', fixture('seed'));
    write('good', filesOfSound(sound()));
    const { status, found } = await json('.');
    assert.equal(status, 1);
    assert.ok(found.every((f) => f.file.startsWith('bad/')));
  });
  it('leaves out what tools made, and follows no link to a folder', async () => {
    for (const made of ['build', 'DerivedData', 'Pods', 'node_modules', '.git']) write(`${made}/p`, fixture('seed'));
    fs.symlinkSync('.', 'loop');
    fs.symlinkSync('/etc', 'etc');
    assert.deepEqual((await json('.')).found, []);
  });
  it('does not wait for a pipe, and survives files that cannot be read', async () => {
    write('.', filesOfSound(sound()));
    fs.symlinkSync('nowhere', 'App/gone.swift');
    fs.mkdirSync('App/folder.entitlements');
    assert.equal((await json('.')).status, 0);
  });
  for (const [args, text] of [
    [['absent'], /cannot read absent: no such file/],
    [['/dev/null'], /neither a file nor a folder/],
    [[], /missing required argument/],
    [['--format', 'xml', '.'], /xml.*invalid/],
  ] as const)
    it(`says 2 of "lint ${args.join(' ')}"`, async () => {
      const c = cli();
      assert.equal(await c.run('lint', ...args), 2);
      assert.match(c.stderr.text, text);
      assert.equal(c.stdout.text, '');
    });

  it('explains a log, with the finding of the project in the folder', async () => {
    write('.', fixture('seed'));
    write('.', { 'x.log': 'nothing\nfailed to do a bootstrap look-up: xpc_error=[3: No such process]\n' });
    const c = cli();
    assert.equal(await c.run('explain', '--json', 'x.log'), 0);
    const [found, ...more] = JSON.parse(c.stdout.text) as {
      rule: string;
      line: number;
      text: string;
      meaning: string;
      next: string[];
      finding?: { rule: string; file: string; line: number };
    }[];
    assert.equal(more.length, 0);
    assert.deepEqual(
      [found?.rule, found?.line, found?.text],
      ['LOG001', 2, 'failed to do a bootstrap look-up: xpc_error=[3: No such process]'],
    );
    assert.deepEqual(
      [found?.finding?.rule, found?.finding?.file, found?.finding?.line],
      ['X009', 'Extension/Client.m', 11],
    );
    const text = cli();
    assert.equal(await text.run('explain', 'x.log'), 0);
    assert.match(
      text.stdout.text,
      /^2: failed to do[^]*LOG001: [^]*In this project: Extension\/Client\.m:11:\d+: X009[^]*1\. /,
    );
  });
  it('explains nothing where nothing is known', async () => {
    write('.', { 'x.log': 'all is well\n' });
    const c = cli();
    assert.equal(await c.run('explain', '--json', 'x.log'), 0);
    assert.equal(c.stdout.text, '[]\n');
  });
  it('says 2 of a log that is not there', async () => {
    for (const name of ['absent.log', '.']) {
      const c = cli();
      assert.equal(await c.run('explain', name), 2);
      assert.match(c.stderr.text, /cannot read/);
    }
  });
});
