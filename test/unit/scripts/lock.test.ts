import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { missingFrom, platformOf } from '../../../scripts/complete-lock.mjs';
import { root, workbenchDir } from '../../../scripts/lib/paths.mjs';

describe('package-lock.json', () => {
  for (const folder of [root, workbenchDir])
    it(`of ${path.relative(root, folder) || 'the project'} is whole for every platform (npm run lock)`, () => {
      assert.deepEqual(missingFrom(JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'))), []);
    });

  it('is told apart from one that lacks a platform', () => {
    const packages = {
      'node_modules/a': { optionalDependencies: { 'a-linux-x64': '1.0.0', 'a-darwin-arm64': '1.0.0' } },
      'node_modules/a-linux-x64': { version: '1.0.0' },
    };
    assert.deepEqual(
      missingFrom({ packages }).map((m) => m.name),
      ['a-darwin-arm64'],
    );
  });

  it('gets the platform from the name', () => {
    const cases: [string, object | undefined][] = [
      ['@swc/core-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
      ['@oxlint/binding-linux-x64-musl', { libc: ['musl'], os: ['linux'], cpu: ['x64'] }],
      ['@oxlint/binding-linux-arm-gnueabihf', { libc: ['glibc'], os: ['linux'], cpu: ['arm'] }],
      ['@oxlint-tsgolint/win32-x64', { os: ['win32'], cpu: ['x64'] }],
      ['fsevents', undefined],
    ];
    for (const [name, platform] of cases) assert.deepEqual(platformOf(name), platform, name);
  });
});
