// What Flowtap says of its own system extension: nothing; and what keeps that part of it small and in one list.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { brief, lintFiles } from '../../support/project.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = path.join(root, 'sysext/macos');

const files = (): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(plist|entitlements|mm|cc|h)$/.test(name) && !name.startsWith('sdk'))
      .map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]),
  );
const lint = (changed: Record<string, string> = {}): readonly string[] => brief(lintFiles({ ...files(), ...changed }));

describe("Flowtap's own system extension", () => {
  it('has no findings', () => assert.deepEqual(lint(), []));

  it('has findings where its parts no longer fit together', () => {
    const { 'provider/Info.plist': info, 'provider/DeveloperID.entitlements': entitlements } = files();
    assert(info && entitlements);
    const broken: Record<string, string>[] = [
      { 'provider/Info.plist': info.replace('.dev.flowtap.1<', '.dev.other.1<') },
      { 'provider/Info.plist': info.replace('SYSX', 'XPC!') },
      {
        'provider/Info.plist': info.replace(
          'com.apple.networkextension.app-proxy',
          'com.apple.networkextension.dns-proxy',
        ),
      },
      { 'provider/DeveloperID.entitlements': entitlements.replace('app-proxy-provider', 'packet-tunnel-provider') },
      {
        'provider/DeveloperID.entitlements': entitlements.replace(
          /\t<key>com\.apple\.security\.app-sandbox<\/key>\n\t<true\/>\n/,
          '',
        ),
      },
    ];
    for (const change of broken) assert.notDeepEqual(lint(change), [], JSON.stringify(Object.keys(change)));
  });

  it('keeps Objective-C++ to what adapts types', () => {
    const lines = Object.entries(files())
      .filter(([name]) => name.endsWith('.mm'))
      .map(([, text]) => text.split('\n').length);
    assert(lines.length > 0);
    assert(lines.reduce((a, b) => a + b) < 700, `${lines.reduce((a, b) => a + b)} lines`);
  });

  it('is built by make from the same list as by the cross build', function () {
    if (spawnSync('make', ['--version']).error) return this.skip();
    const list = fs.readFileSync(path.join(folder, 'sources.mk'), 'utf8');
    const { stdout, status } = spawnSync('make', ['-s', '-C', path.join(root, 'sysext'), 'show'], { encoding: 'utf8' });
    assert.equal(status, 0);
    for (const [name, variable] of [
      ['extension', 'EXTENSION_SOURCES'],
      ['app', 'APP_SOURCES'],
    ] as const) {
      const patterns = new RegExp(`^${variable} = (.*)$`, 'm').exec(list)?.[1]?.split(' ') ?? [];
      const expected = patterns.flatMap((pattern) =>
        pattern.includes('*') ? fs.globSync(pattern, { cwd: root }) : [pattern],
      );
      const made = new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1]?.split(' ');
      assert.deepEqual(made, [...new Set(expected)].sort());
    }
  });

  it('is signed by make in the shape that fits the certificate, with the endpoint below its group', function () {
    if (spawnSync('make', ['--version']).error) return this.skip();
    const show = (...args: string[]): string =>
      spawnSync('make', ['-s', '-C', path.join(root, 'sysext'), 'show', 'TEAM_ID=A1B2C3D4E5', 'BUILD=42', ...args], {
        encoding: 'utf8',
      }).stdout;
    assert.match(
      show('SIGN_ID=Developer ID Application: X'),
      /endpoint=A1B2C3D4E5\.dev\.flowtap\.42 shape=DeveloperID/,
    );
    assert.match(show('SIGN_ID=Apple Development: X'), / shape=Development /);
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    assert(show().includes(` version=${version}\n`));
  });
});
