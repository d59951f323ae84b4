// Where the rules speak and, above all, where they are silent: what is sound, what is not known, whose word it is.
import assert from 'node:assert/strict';
import { checkContext, checkEntitlements } from '../../../../src/entitlements/check.ts';
import type { Finding } from '../../../../src/entitlements/finding.ts';
import { exampleContext, exampleFile } from '../../../../src/entitlements/rules/example.ts';
import type { Given } from '../../../../src/entitlements/rules/rule.ts';
import { parsePlist } from '../../../../src/plist/plist.ts';
import { parseXmlPlist } from '../../../../src/plist/xml.ts';
import { applyEdits } from '../../../../src/plist/xmlEdit.ts';
import type { FakeProject } from '../../../support/project-index.ts';
import { projectIndex } from '../../../support/project-index.ts';

type Where = Omit<Given, 'text'>;
const xcode: Where = { processedBy: 'xcode' };
const raw: Where = { processedBy: 'raw' };

const switchOn = (key: string): string => `<key>${key}</key>\n<true/>`;
const list = (key: string, ...items: string[]): string =>
  `<key>${key}</key>\n<array>\n${items.map((i) => `\t<string>${i}</string>\n`).join('')}</array>`;
const groups = (...items: string[]): string => list('com.apple.security.application-groups', ...items);
const sandbox = switchOn('com.apple.security.app-sandbox');
const exception = 'com.apple.security.temporary-exception.';

const findings = (body: string, where: Where = xcode): readonly Finding[] =>
  checkContext(exampleContext(exampleFile(body), where));
const said = (body: string, where?: Where): string[] => findings(body, where).map((f) => `${f.rule} ${f.severity}`);
const inProject = (body: string, project: Omit<FakeProject, 'files' | 'names'>): string[] =>
  checkEntitlements('a.entitlements', parseXmlPlist(exampleFile(body)), {
    project: projectIndex({ files: {}, names: {}, ...project }),
  }).map((f) => f.rule);

const role = { target: 'T', productType: undefined, platform: undefined, configuration: 'Debug' } as const;
const known = { ...role, configurationKind: undefined, signing: undefined } as const;

describe('one finding per key', () => {
  it('a near miss is neither unknown nor internal as well', () => {
    assert.deepEqual(said(switchOn('com.apple.security.xpc.mach-service.name')), ['ENT009 warning']);
    assert.deepEqual(said(switchOn('com.apple.security.exception.mach-lookup.global-name')), ['ENT009 warning']);
    assert.deepEqual(said(switchOn('com.apple.developer.musickit')), ['ENT009 error']);
    assert.deepEqual(said(switchOn('com.apple.security.exception.files.absolute-path.read-only')), ['ENT010 error']);
  });

  it('a placeholder Team ID is no group without prefix', () => {
    assert.deepEqual(said(groups('TEAM_ID.com.example')), ['ENT018 warning']);
    assert.deepEqual(said(groups('TEAM_ID.group.app_id.netfilter')), ['ENT016 hint', 'ENT018 warning']);
    assert.deepEqual(said(list('keychain-access-groups', 'XXXXXXXXXX.com.example')), ['ENT018 warning']);
  });

  it('both forms of several values give one finding for the list', () => {
    const ne = 'com.apple.developer.networking.networkextension';
    const both = [
      'dns-proxy',
      'dns-proxy-systemextension',
      'packet-tunnel-provider',
      'packet-tunnel-provider-systemextension',
    ];
    assert.deepEqual(said(list(ne, ...both)), ['ENT013 warning']);
  });

  it('a slip in a key is that, and the key is still looked at as what it means', () => {
    assert.deepEqual(said('<key>com.apple.security.App-Sandbox</key>\n<string>YES</string>'), [
      'ENT033 error',
      'ENT006 error',
    ]);
    assert.deepEqual(said(`${switchOn(' com.apple.security.app-sandbox')}\n${switchOn('com.apple.security.print')}`), [
      'ENT033 error',
    ]);
  });
});

describe('severities that vary', () => {
  it('a comment is worth a warning where codesign reads the file, else a word', () => {
    const body = `<!-- why -->\n${sandbox}`;
    assert.deepEqual(said(body, raw), ['ENT002 warning']);
    assert.deepEqual(said(body, xcode), ['ENT002 info']);
    assert.deepEqual(said(`<!-- a -- b -->\n${sandbox}`, xcode), ['ENT002 warning']);
  });

  it('a string for a list is read by the sandbox', () => {
    const body = '<key>com.apple.security.application-groups</key>\n<string>group.com.example</string>';
    assert.deepEqual(said(body), ['ENT006 warning']);
    const other = '<key>com.apple.developer.associated-domains</key>\n<string>applinks:example.com</string>';
    assert.deepEqual(said(other), ['ENT006 error']);
  });

  it('a variable is an error where nothing expands it, a warning where that is not known', () => {
    const body = groups('$(TeamIdentifierPrefix)com.example');
    assert.deepEqual(said(body, raw), ['ENT019 error']);
    assert.deepEqual(said(body, {}), ['ENT019 warning']);
    assert.deepEqual(said(body, xcode), []);
  });
});

describe('what is sound', () => {
  for (const [name, body] of [
    [
      'Team ID, written or as a variable',
      groups(
        'ABCDEFGH12.com.example',
        '$(TeamIdentifierPrefix)com.example',
        '$(DEVELOPMENT_TEAM).com.example',
        '${TeamIdentifierPrefix}com.example',
      ),
    ],
    ['one group in both styles', groups('group.com.example', 'ABCDEFGH12.com.example')],
    [
      'keychain groups',
      list('keychain-access-groups', '$(AppIdentifierPrefix)com.example', 'ABCDEFGH12.com.example', 'com.apple.token'),
    ],
    [
      'a value with a suffix that is not known here',
      list('com.apple.developer.networking.networkextension', 'app-proxy-provider$(NE_SUFFIX)'),
    ],
    ['a group that is a variable', groups('$(APP_GROUP)')],
    [
      'wildcards in domains and passes',
      `${list('com.apple.developer.associated-domains', 'applinks:*.example.com')}\n${list('com.apple.developer.pass-type-identifiers', '$(TeamIdentifierPrefix)*')}`,
    ],
    [
      'keys of one’s own and of others',
      `${switchOn('com.example.own')}\n${switchOn('com.apple.network.multipath-tcp')}`,
    ],
    [
      'the hardened runtime beside an inherited sandbox',
      [sandbox, switchOn('com.apple.security.inherit'), switchOn('com.apple.security.cs.allow-jit')].join('\n'),
    ],
    [
      'files among folders',
      `${sandbox}\n${list(`${exception}files.absolute-path.read-only`, '/Library/Preferences/com.example.plist', '/usr/bin/git', '/private/var/run/example')}`,
    ],
    [
      'an exception for a name of others',
      `${sandbox}\n${groups('group.com.example')}\n${list(`${exception}mach-lookup.global-name`, 'com.other.service', 'group.com.example2.xpc', '$(PRODUCT_BUNDLE_IDENTIFIER)-spks')}`,
    ],
    ['a tag format that older systems had', list('com.apple.developer.nfc.readersession.formats', 'NDEF')],
    [
      'a container app',
      [
        list('com.apple.developer.networking.networkextension', 'app-proxy-provider-systemextension'),
        switchOn('com.apple.developer.system-extension.install'),
        sandbox,
        groups('group.com.example'),
      ].join('\n'),
    ],
    [
      'camera and microphone under the hardened runtime alone',
      [switchOn('com.apple.security.device.camera'), switchOn('com.apple.security.device.audio-input')].join('\n'),
    ],
  ] as const)
    it(name, () => assert.deepEqual(said(body), []));

  it('an empty dictionary', () =>
    assert.deepEqual(checkEntitlements('a.entitlements', parsePlist('<plist><dict/></plist>')), []));
});

describe('what a file alone cannot tell', () => {
  it('whether a build setting turns the sandbox on', () => {
    const body = switchOn('com.apple.security.network.client');
    assert.deepEqual(inProject(body, {}), ['ENT025']);
    const supplied = new Map([['com.apple.security.app-sandbox', true]]);
    assert.deepEqual(inProject(body, { roles: [{ ...known, supplied }] }), []);
    const off = new Map([['com.apple.security.app-sandbox', false]]);
    assert.deepEqual(inProject(body, { roles: [{ ...known, supplied: off }] }), ['ENT025']);
  });

  it('for which platform and product it is', () => {
    const push = '<key>aps-environment</key>\n<string>development</string>';
    assert.deepEqual(inProject(push, {}), []);
    assert.deepEqual(inProject(push, { roles: [{ ...known, platform: 'macos' }] }), ['ENT029']);
    assert.deepEqual(
      inProject(push, {
        roles: [
          { ...known, platform: 'macos' },
          { ...known, platform: 'ios' },
        ],
      }),
      [],
    );
    assert.deepEqual(inProject(push, { roles: [{ ...known, platform: 'macos' }, known] }), []);
    assert.deepEqual(inProject(sandbox, { roles: [{ ...known, platform: 'ios' }] }), ['ENT029']);
    const install = switchOn('com.apple.developer.system-extension.install');
    assert.deepEqual(inProject(install, { roles: [{ ...known, productType: 'application' }] }), []);
    assert.deepEqual(
      inProject(install, {
        roles: [
          { ...known, productType: 'system-extension' },
          { ...known, productType: 'application' },
        ],
      }),
      [],
    );
    assert.deepEqual(inProject(install, { roles: [{ ...known, productType: 'tool' }] }), ['ENT034']);
  });

  it('whether it is for a release, unless its name says so', () => {
    const body = switchOn('com.apple.security.get-task-allow');
    assert.deepEqual(said(body), []);
    assert.deepEqual(said(body, { file: 'App/AppRelease.entitlements' }), ['ENT028 error']);
    assert.deepEqual(said(body, { file: 'App/AppDebug.entitlements' }), []);
    assert.deepEqual(inProject(body, { roles: [{ ...known, configurationKind: 'debug' }] }), []);
    assert.deepEqual(inProject(body, { roles: [{ ...known, signing: 'developer-id' }] }), ['ENT028']);
  });

  it('what a variable stands for, unless the project does', () => {
    const ne = list('com.apple.developer.networking.networkextension', 'app-proxy-provider$(NE_SUFFIX)');
    const variables = (...values: string[]): Omit<FakeProject, 'files' | 'names'> => ({
      processedBy: 'xcode',
      variables: { NE_SUFFIX: values },
    });
    assert.deepEqual(inProject(ne, variables('', '-systemextension')), []);
    assert.deepEqual(inProject(ne, variables('', '-sysext')), ['ENT012']);
    const group = groups('$(APP_GROUP)');
    assert.deepEqual(inProject(group, { processedBy: 'xcode', variables: { APP_GROUP: ['group.com.example'] } }), []);
    assert.deepEqual(inProject(group, { processedBy: 'xcode', variables: { APP_GROUP: ['com.example'] } }), ['ENT015']);
  });
});

describe('what ships', () => {
  const inherit = switchOn('com.apple.security.inherit');
  const cases: readonly (readonly [name: string, body: string, expected?: readonly string[], where?: Where])[] = [
    [
      'keys beside inherit that are none of the sandbox',
      [sandbox, inherit, switchOn('com.apple.security.hypervisor'), switchOn('com.apple.vm.networking')].join('\n'),
    ],
    [
      'inherit where the sandbox is off',
      ['<key>com.apple.security.app-sandbox</key>\n<false/>', inherit, groups('group.com.example')].join('\n'),
      ['ENT026 hint'],
    ],
    [
      'a key of the sandbox beside inherit',
      [sandbox, inherit, groups('group.com.example')].join('\n'),
      ['ENT027 error'],
    ],
    ['a Team ID as a group', groups('AB12CD34EF')],
    ['every group of the team', list('keychain-access-groups', '$(AppIdentifierPrefix)*'), ['ENT032 hint']],
    ['a wildcard of app groups', groups('group.com.example.*'), ['ENT032 error']],
    ["the system's keychain groups", list('keychain-access-groups', 'com.apple.token', 'com.apple.managed.vpn.shared')],
    [
      'a variable that a script may replace',
      groups('$(TeamIdentifierPrefix)com.example'),
      [],
      { processedBy: 'mixed' },
    ],
    ['a template of a script', groups('TEAM_ID.com.example'), [], { processedBy: 'mixed' }],
  ];
  for (const [name, body, expected = [], where] of cases) it(name, () => assert.deepEqual(said(body, where), expected));
});

describe('bytes and whole files', () => {
  const rules = (bytes: Uint8Array | string): string[] =>
    checkEntitlements('a.entitlements', parsePlist(bytes)).map((f) => f.rule);
  const good = exampleFile(sandbox);

  it('an empty file is no property list', () => {
    assert.deepEqual(rules(''), ['ENT001']);
    const [finding] = checkEntitlements('a.entitlements', parsePlist(' \n'));
    assert.deepEqual(rules(applyEdits(' \n', finding!.fixes[0]!.edits)), []);
  });

  it('marks, line ends and encodings are told, each once', () => {
    assert.deepEqual(rules(Buffer.from(`\ufeff${good}`)), ['ENT003']);
    assert.deepEqual(rules(good.replaceAll('\n', '\r\n')), ['ENT003']);
    assert.deepEqual(rules(Buffer.from(good, 'utf16le')), ['ENT003']);
    assert.deepEqual(
      rules(Buffer.from(good.replace('<true/>', '<true/><!-- \xe9 -->'), 'latin1')).filter((r) => r !== 'ENT002'),
      ['ENT003'],
    );
    assert.deepEqual(rules(good.replace('UTF-8', 'ISO-8859-1')), ['ENT003']);
  });

  it('a double hyphen is ENT002’s alone, a list as root ENT001’s', () => {
    assert.deepEqual(rules(exampleFile(`<!-- codesign --sign -->\n${sandbox}`)), ['ENT002']);
    assert.deepEqual(rules('<plist><array/></plist>'), ['ENT001']);
  });
});
