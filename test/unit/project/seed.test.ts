import assert from 'node:assert/strict';
import type { Finding } from '../../../src/entitlements/finding.ts';
import { applied, brief, fixture, lintFiles, ofRule } from '../../support/project.ts';
import type { Files } from '../../support/project.ts';

const withoutProject = (files: Files, ...extra: readonly [string, string][]): Files =>
  Object.fromEntries([...Object.entries(files).filter(([f]) => !f.endsWith('.pbxproj')), ...extra]);

const yml = `name: Seed
targets:
  Host:
    type: application
    platform: macOS
    sources: [App, Shared]
    settings:
      CODE_SIGN_ENTITLEMENTS: App/App.entitlements
      INFOPLIST_FILE: App/Info.plist
      PRODUCT_BUNDLE_IDENTIFIER: com.example.host
    dependencies:
      - target: Netfilter
  Netfilter:
    type: system-extension
    platform: macOS
    sources: [Extension, Shared]
    settings:
      CODE_SIGN_ENTITLEMENTS: Extension/Extension.entitlements
      INFOPLIST_FILE: Extension/Info.plist
      PRODUCT_BUNDLE_IDENTIFIER: com.example.host.netfilter
`;

const inferred = (files: Files): Files => ({
  ...withoutProject(files),
  'Extension/Info.plist': String(files['Extension/Info.plist']).replace('$(PRODUCT_BUNDLE_PACKAGE_TYPE)', 'SYSX'),
});

/** As the thread shows it: two entitlements files, two sources, and nothing else. */
const bare = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).filter(([f]) => /\.entitlements$|Server\.m$|Client\.m$/.test(f)));

/** Files of one kind in one folder, as Swift packages have them. */
const byKind = (files: Files): Files =>
  Object.fromEntries(
    Object.entries(bare(files)).map(([f, text]) => [
      f.endsWith('.m') ? `Sources/${f}` : f.replace(/^.*\//, 'Entitlements/'),
      text,
    ]),
  );

const layouts: readonly [string, (files: Files) => Files][] = [
  ['an Xcode project', (files) => files],
  ['an XcodeGen project', (files) => withoutProject(files, ['project.yml', yml])],
  ['folders without a project', inferred],
];

const one = (findings: readonly Finding[], rule: string, file: string): Finding => {
  const [found] = ofRule(findings, rule).filter((f) => f.file === file);
  assert.ok(found, `${rule} in ${file}; found: ${brief(findings).join('; ')}`);
  return found;
};

describe('the seed', () => {
  for (const [name, lay] of layouts)
    describe(`as ${name}`, () => {
      const files = lay(fixture('seed'));
      const findings = lintFiles(files);
      const marked = (f: Finding): string => String(files[f.file]).slice(f.range.start, f.range.end);

      it('names both invented entitlements', () => {
        for (const [file, key] of [
          ['App/App.entitlements', 'com.apple.security.xpc.mach-service.name'],
          ['Extension/Extension.entitlements', 'com.apple.security.xpc.mach-lookup.global-name'],
        ] as const)
          assert.ok(marked(one(findings, 'ENT009', file)).includes(key));
      });
      it('finds the listener in the app and the look-up in the extension', () => {
        assert.match(
          marked(one(findings, 'SRC001', 'App/Server.m')),
          /^\[\[NSXPCListener alloc\] initWithMachServiceName/,
        );
        assert.match(marked(one(findings, 'X009', 'Extension/Client.m')), /^\[\[NSXPCConnection alloc\]/);
        assert.equal(one(findings, 'SRC004', 'Extension/Client.m').severity, 'error');
      });
      it('misses NEMachServiceName', () => {
        const finding = one(findings, 'INF004', 'Extension/Info.plist');
        assert.equal(finding.severity, 'error');
        assert.match(finding.message, /TEAM_ID\.group\.app_id\.netfilter\.xpc/);
      });
      it('judges the group and the placeholder', () => {
        assert.equal(one(findings, 'ENT016', 'App/App.entitlements').severity, 'hint');
        assert.equal(one(findings, 'ENT018', 'Extension/Extension.entitlements').severity, 'warning');
      });
      it('judges both sources', () => {
        assert.equal(marked(one(findings, 'SRC002', 'App/Server.m')), 'return YES');
        one(findings, 'SRC003', 'App/Server.m');
        one(findings, 'SRC005', 'Extension/Client.m');
      });
      it('sums it up', () => one(findings, 'SRC007', 'App/Server.m'));

      for (const rule of ['SRC001', 'SRC007', 'X009'])
        it(`has no error after the endpoint is turned round from ${rule}`, () => {
          const fix = ofRule(findings, rule)[0]?.fixes.find((f) => f.title === 'Turn the endpoint round');
          assert.ok(fix);
          const after = applied(files, fix);
          const left = lintFiles(after);
          assert.deepEqual(brief(left.filter((f) => f.severity === 'error')), []);
          assert.deepEqual(ofRule(left, 'ENT009'), []);
          assert.ok(!left.some((f) => f.fixes.some((x) => x.title === fix.title)));
          assert.match(
            String(after['Extension/Info.plist']),
            /NEMachServiceName<\/key>\s*<string>TEAM_ID\.group\.app_id\.netfilter\.xpc</,
          );
        });
    });
});

describe('the seed with less around it', () => {
  const rules = (files: Files): Set<string> => new Set(lintFiles(files).map((f) => f.rule));
  const expected = ['ENT009', 'ENT016', 'ENT018', 'INF004', 'SRC001', 'SRC002', 'SRC003', 'SRC005', 'SRC007', 'X009'];
  const noErrorAfter = (files: Files): void => {
    const fix = ofRule(lintFiles(files), 'SRC007')[0]?.fixes[0];
    assert.ok(fix);
    assert.deepEqual(brief(lintFiles(applied(files, fix)).filter((f) => f.severity === 'error')), []);
  };
  for (const [name, files] of [
    ['four files and no plist', bare(fixture('seed'))],
    [
      'an Info.plist without the dictionary',
      {
        ...fixture('seed'),
        'Extension/Info.plist': String(fixture('seed')['Extension/Info.plist']).replace(
          /\t<key>NetworkExtension<[^]*<\/dict>\n(?=<\/dict>)/,
          '',
        ),
      },
    ],
    [
      'a generated Info.plist',
      {
        ...fixture('seed'),
        'Seed.xcodeproj/project.pbxproj': String(fixture('seed')['Seed.xcodeproj/project.pbxproj']).replaceAll(
          /INFOPLIST_FILE = [^;]*;/g,
          'GENERATE_INFOPLIST_FILE = YES;',
        ),
      },
    ],
    ['four files in folders by kind', byKind(fixture('seed'))],
    ['no constant for the name', { ...fixture('seed'), 'Shared/Shared.h': '' }],
  ] as const)
    it(`finds the same with ${name}`, () => {
      const found = rules(files);
      assert.deepEqual(
        expected.filter((r) => !found.has(r)),
        [],
      );
      noErrorAfter(files);
    });
});
