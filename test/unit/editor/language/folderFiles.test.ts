import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FolderFiles } from '../../../../src/editor/language/folderFiles.ts';

describe('files of a folder', () => {
  let root: string;
  let files: FolderFiles;
  const write = (name: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), name);
  };
  const sorted = (names: readonly string[]): readonly string[] => names.toSorted();
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'flowtap-files-'));
    write('a.plist');
    write('deep/er/b.swift');
    write('node_modules/c.plist');
    files = new FolderFiles(root);
    await files.scan();
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are found, those that tools made left out', () => {
    assert.deepEqual(sorted(files.list()), ['a.plist', 'deep/er/b.swift']);
  });
  it('come, change and go one by one', async () => {
    write('new.m');
    assert.deepEqual(await files.look('new.m'), ['new.m']);
    assert.deepEqual(await files.look('a.plist'), ['a.plist']);
    rmSync(path.join(root, 'a.plist'));
    assert.deepEqual(await files.look('a.plist'), ['a.plist']);
    assert.deepEqual(await files.look('never-there'), []);
    assert.deepEqual(sorted(files.list()), ['deep/er/b.swift', 'new.m']);
  });
  it('are all seen where only their new folder was told of', async () => {
    write('more/x.m');
    write('more/still/y.m');
    assert.deepEqual(sorted(await files.look('more')), ['more/still/y.m', 'more/x.m']);
    assert.equal(files.read('more/still/y.m'), 'more/still/y.m');
  });
  it('are all gone where only their folder was told of', async () => {
    rmSync(path.join(root, 'deep'), { recursive: true });
    assert.deepEqual(await files.look('deep'), ['deep/er/b.swift']);
    assert.deepEqual(files.list(), ['a.plist']);
  });
  it('are what the folder holds now, where it was exchanged', async () => {
    write('other/z.m');
    rmSync(path.join(root, 'deep'), { recursive: true });
    renameSync(path.join(root, 'other'), path.join(root, 'deep'));
    assert.deepEqual(sorted(await files.look('deep')), ['deep/er/b.swift', 'deep/z.m']);
    assert.deepEqual(sorted(files.list()), ['a.plist', 'deep/z.m']);
  });
  it('are none of a folder that tools made, or behind a link', async () => {
    assert.deepEqual(await files.look('node_modules'), []);
    write('build/entitlements.mac.plist'); // Electron's packager keeps it there
    write('build/made.plist');
    for (const _ of [1, 2]) assert.deepEqual(await files.look('build'), ['build/entitlements.mac.plist']);
    symlinkSync(root, path.join(root, 'round'));
    assert.deepEqual(await files.look('round'), []);
  });
});
