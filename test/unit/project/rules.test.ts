import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Finding, Severity } from '../../../src/entitlements/finding.ts';
import { projectRules } from '../../../src/project/rules/registry.ts';
import { applied, brief, lintFiles, ofRule } from '../../support/project.ts';
import type { Files } from '../../support/project.ts';
import { cms } from '../../support/cms.ts';
import { plist } from '../../support/plists.ts';
import {
  client,
  filesOfSound,
  group,
  groups,
  install,
  listener,
  main,
  networkExtension,
  sandbox,
  sound,
  spoilt,
  team,
  without,
} from '../../support/sound.ts';
import type { Sound } from '../../support/sound.ts';
import { fixture } from '../../support/project.ts';

interface Case {
  readonly rule: string;
  readonly severity: Severity;
  /** The file that the finding stands in. */
  readonly file: string;
  /** What is underlined begins with this. */
  readonly at?: string;
  readonly bad: (s: Sound) => void;
}

const pbx = 'Proxy.xcodeproj/project.pbxproj';
const info = 'Ext/Info.plist';
const constant = (name: string): string => `let serviceName = "${name}"\n`;
const useConstant = (source: string): string =>
  source.replace('machServiceName: name', 'machServiceName: serviceName').replaceAll('name: String', '');
const withBody = (body: string): string => listener.replace(/(-> Bool \{\n)[^}]*\}/, `$1${body}\n    }`);
const literalName = `${team}.com.example.app.xpc`;

const cases: readonly Case[] = [
  { rule: 'INF001', severity: 'error', file: info, at: '<dict>', bad: (s) => (s.network = {}) },
  {
    rule: 'INF002',
    severity: 'error',
    file: info,
    at: 'NEProviderClasses',
    bad: (s) => (s.network = { ...s.network, NEProviderClasses: {} }),
  },
  {
    rule: 'INF002',
    severity: 'error',
    file: info,
    at: 'NetworkExtension',
    bad: (s) => (s.network = without(s.network, 'NEProviderClasses')),
  },
  {
    rule: 'INF003',
    severity: 'error',
    file: info,
    at: 'com.apple.networkextension.transparent-proxy',
    bad: (s) =>
      (s.network = {
        ...s.network,
        NEProviderClasses: { 'com.apple.networkextension.transparent-proxy': '$(PRODUCT_MODULE_NAME).Provider' },
      }),
  },
  {
    rule: 'INF004',
    severity: 'error',
    file: info,
    at: 'NetworkExtension',
    bad: (s) => (s.network = without(s.network, 'NEMachServiceName')),
  },
  {
    rule: 'INF004',
    severity: 'info',
    file: info,
    bad: (s) => {
      s.network = without(s.network, 'NEMachServiceName');
      delete s.sources['Ext/Listener.swift'];
      delete s.sources['App/Client.swift'];
    },
  },
  {
    rule: 'INF005',
    severity: 'error',
    file: info,
    at: 'NEMachServiceName',
    bad: (s) => {
      s.info = { ...s.info, NEMachServiceName: `${group}.xpc.7` };
      s.network = without(s.network, 'NEMachServiceName');
    },
  },
  {
    rule: 'INF006',
    severity: 'error',
    file: info,
    at: '<string>com.other',
    bad: (s) => (s.network = { ...s.network, NEMachServiceName: 'com.other.xpc.7' }),
  },
  {
    rule: 'INF007',
    severity: 'warning',
    file: info,
    bad: (s) => (s.network = { ...s.network, NEMachServiceName: group }),
  },
  {
    rule: 'INF007',
    severity: 'info',
    file: info,
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: group };
      s.app = without(s.app, sandbox);
    },
  },
  {
    rule: 'INF008',
    severity: 'warning',
    file: info,
    at: 'NSExtension',
    bad: (s) => (s.info = { ...s.info, NSExtension: {} }),
  },
  {
    rule: 'INF009',
    severity: 'error',
    file: info,
    at: '<string>XPC!',
    bad: (s) => (s.info = { ...s.info, CFBundlePackageType: 'XPC!' }),
  },
  {
    rule: 'INF010',
    severity: 'warning',
    file: info,
    bad: (s) => (s.info = { ...s.info, NSSystemExtensionUsageDescription: '' }),
  },
  {
    rule: 'INF010',
    severity: 'warning',
    file: info,
    bad: (s) => (s.info = without(s.info, 'NSSystemExtensionUsageDescription')),
  },
  {
    rule: 'INF011',
    severity: 'error',
    file: info,
    at: 'XPCService',
    bad: (s) => (s.info = { ...s.info, XPCService: {} }),
  },
  {
    rule: 'INF012',
    severity: 'error',
    file: pbx,
    bad: (s) => (s.sysexSettings['PRODUCT_BUNDLE_IDENTIFIER'] = 'org.other.extension'),
  },
  {
    rule: 'INF013',
    severity: 'hint',
    file: info,
    bad: (s) => (s.extra['.flowtaprc'] = '{"released": {"com.example.app.extension": "7"}}'),
  },
  {
    rule: 'INF014',
    severity: 'hint',
    file: info,
    bad: (s) => (s.network = { ...s.network, NEMachServiceName: `${group}.xpc` }),
  },
  {
    rule: 'INF015',
    severity: 'error',
    file: pbx,
    at: 'Extension',
    bad: (s) => (s.sysexSettings['PRODUCT_NAME'] = 'Extension'),
  },
  {
    rule: 'INF016',
    severity: 'warning',
    file: info,
    bad: (s) =>
      (s.network = { ...s.network, NEProviderClasses: { 'com.apple.networkextension.app-proxy': 'Provider' } }),
  },
  {
    rule: 'INF017',
    severity: 'warning',
    file: info,
    bad: (s) => (s.info = { ...s.info, NSEndpointSecurityMachServiceName: 'com.example.es' }),
  },
  {
    rule: 'INF018',
    severity: 'hint',
    file: info,
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
      s.sources['App/Client.swift'] = constant(literalName) + useConstant(client);
    },
  },
  {
    rule: 'X001',
    severity: 'error',
    file: 'App/App.entitlements',
    bad: (s) => (s.app = { ...s.app, [networkExtension]: ['packet-tunnel-provider-systemextension'] }),
  },
  {
    rule: 'X002',
    severity: 'error',
    file: 'App/App.entitlements',
    bad: (s) => (s.app = without(s.app, networkExtension)),
  },
  {
    rule: 'X002',
    severity: 'error',
    file: 'Ext/Ext.entitlements',
    bad: (s) => (s.sysex = without(s.sysex, networkExtension)),
  },
  {
    rule: 'X003',
    severity: 'error',
    file: info,
    at: 'com.apple.networkextension.dns-proxy',
    bad: (s) =>
      (s.network = {
        ...s.network,
        NEProviderClasses: { 'com.apple.networkextension.dns-proxy': '$(PRODUCT_MODULE_NAME).Provider' },
      }),
  },
  {
    rule: 'X004',
    severity: 'warning',
    file: 'Ext/Ext.entitlements',
    bad: (s) => (s.sysex = without(s.sysex, sandbox)),
  },
  { rule: 'X005', severity: 'error', file: 'App/App.entitlements', bad: (s) => (s.app = without(s.app, groups)) },
  { rule: 'X006', severity: 'error', file: 'App/App.entitlements', bad: (s) => (s.app = without(s.app, install)) },
  { rule: 'X007', severity: 'error', file: 'Ext/Ext.entitlements', bad: (s) => (s.sysex = without(s.sysex, groups)) },
  {
    rule: 'X008',
    severity: 'error',
    file: 'App/Client.swift',
    at: `"${team}.com.example.app.other"`,
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
      s.sources['App/Client.swift'] = constant(`${team}.com.example.app.other`) + useConstant(client);
    },
  },
  {
    rule: 'X008',
    severity: 'error',
    file: 'Ext/Listener.swift',
    bad: (s) => (s.sources['Ext/Listener.swift'] = constant('com.example.wrong') + useConstant(listener)),
  },
  {
    rule: 'X009',
    severity: 'error',
    file: 'Ext/Client.swift',
    at: 'NSXPCConnection(',
    bad: turned,
  },
  {
    rule: 'X010',
    severity: 'error',
    file: 'Tunnel/Tunnel.entitlements',
    bad: (s) => {
      s.appTarget = { plugIns: ['Tunnel'] };
      s.others.push({
        name: 'Tunnel',
        type: 'app-extension',
        settings: {
          CODE_SIGN_ENTITLEMENTS: 'Tunnel/Tunnel.entitlements',
          INFOPLIST_FILE: 'Tunnel/Info.plist',
          CODE_SIGN_IDENTITY: 'Apple Development',
          PRODUCT_BUNDLE_IDENTIFIER: 'com.example.app.tunnel',
        },
      });
      s.extra['Tunnel/Tunnel.entitlements'] = plist({ [networkExtension]: ['packet-tunnel-provider-systemextension'] });
      s.extra['Tunnel/Info.plist'] = plist({
        NSExtension: { NSExtensionPointIdentifier: 'com.apple.networkextension.packet-tunnel' },
      });
    },
  },
  {
    rule: 'X011',
    severity: 'error',
    file: 'Ext/Ext.entitlements',
    bad: (s) => {
      s.app = { ...s.app, [networkExtension]: ['app-proxy-provider'] };
      s.sysex = { ...s.sysex, [networkExtension]: ['app-proxy-provider'] };
    },
  },
  {
    rule: 'X012',
    severity: 'warning',
    file: 'App/App.entitlements',
    bad: (s) => Object.assign(s.settings, { CODE_SIGN_STYLE: 'Automatic', CODE_SIGN_IDENTITY: 'Apple Development' }),
  },
  {
    rule: 'X013',
    severity: 'error',
    file: 'App/App.entitlements',
    at: install,
    bad: (s) => profile(s, { [networkExtension]: ['app-proxy-provider-systemextension'] }),
  },
  {
    rule: 'X014',
    severity: 'error',
    file: 'App/App.entitlements',
    at: '<string>app-proxy-provider-systemextension',
    bad: (s) => profile(s, { [install]: true, [networkExtension]: ['dns-proxy-systemextension'] }),
  },
  {
    rule: 'X015',
    severity: 'warning',
    file: 'App/App.entitlements',
    bad: (s) => {
      s.app = { ...s.app, [groups]: ['group.com.example.app'] };
      profile(s, { [install]: true, [networkExtension]: ['app-proxy-provider-systemextension'] });
    },
  },
  {
    rule: 'X016',
    severity: 'error',
    file: pbx,
    bad: (s) =>
      profile(
        s,
        { [install]: true, [networkExtension]: ['app-proxy-provider-systemextension'] },
        '2001-01-01T00:00:00Z',
      ),
  },
  {
    rule: 'X016',
    severity: 'error',
    file: pbx,
    at: '"Apple Development"',
    bad: (s) => {
      named(s);
      s.settings['CODE_SIGN_IDENTITY'] = 'Apple Development';
    },
  },
  { rule: 'X017', severity: 'error', file: pbx, at: 'App', bad: (s) => (s.appTarget = { embeds: [] }) },
  {
    rule: 'X018',
    severity: 'warning',
    file: pbx,
    bad: (s) => (s.appSettings['CODE_SIGN_ENTITLEMENTS'] = 'App/Absent.entitlements'),
  },
  { rule: 'X018', severity: 'warning', file: pbx, bad: (s) => (s.sysexSettings['CODE_SIGN_ENTITLEMENTS'] = '') },
  { rule: 'X019', severity: 'error', file: pbx, at: 'NO', bad: (s) => (s.settings['ENABLE_HARDENED_RUNTIME'] = 'NO') },
  {
    rule: 'X020',
    severity: 'error',
    file: 'Tool/Tool.entitlements',
    at: networkExtension,
    bad: (s) => {
      s.others.push({ name: 'ctl', type: 'tool', settings: { CODE_SIGN_ENTITLEMENTS: 'Tool/Tool.entitlements' } });
      s.extra['Tool/Tool.entitlements'] = plist({ [networkExtension]: ['app-proxy-provider-systemextension'] });
    },
  },
  {
    rule: 'X021',
    severity: 'info',
    file: 'Ext/Ext.entitlements',
    bad: (s) => (s.sysexSettings['ENABLE_APP_SANDBOX'] = 'NO'),
  },
  {
    rule: 'X022',
    severity: 'warning',
    file: 'Ext/Out.swift',
    at: 'NWConnection',
    bad: (s) => (s.sources['Ext/Out.swift'] = 'import Network\nlet c = NWConnection(host: h, port: 1, using: .tcp)\n'),
  },
  {
    rule: 'X023',
    severity: 'info',
    file: 'Tool/com.example.helper.plist',
    bad: (s) => {
      s.extra['Tool/com.example.helper.plist'] = plist({
        Label: 'com.example.helper',
        MachServices: { 'com.example.helper': true },
      });
      s.sources['App/Helper.swift'] =
        'let c = NSXPCConnection(machServiceName: "com.example.helper", options: .privileged)\n';
    },
  },
  {
    rule: 'X024',
    severity: 'error',
    file: 'App/Manager.swift',
    at: '"com.example.app.exetnsion"',
    bad: (s) =>
      (s.sources['App/Manager.swift'] =
        'import NetworkExtension\nfunc make(p: NETunnelProviderProtocol) {\n    p.providerBundleIdentifier = "com.example.app.exetnsion"\n}\n'),
  },
  { rule: 'X025', severity: 'info', file: pbx, bad: (s) => (s.appSettings['INSTALL_PATH'] = '/opt/example') },
  { rule: 'SRC001', severity: 'error', file: 'App/Listener.swift', at: 'NSXPCListener(', bad: turned },
  {
    rule: 'SRC002',
    severity: 'error',
    file: 'Ext/Listener.swift',
    at: 'return true',
    bad: (s) => (s.sources['Ext/Listener.swift'] = withBody('        return true')),
  },
  {
    rule: 'SRC003',
    severity: 'warning',
    file: 'Ext/Listener.swift',
    at: 'shouldAcceptNewConnection',
    bad: (s) => (s.sources['Ext/Listener.swift'] = listener.replace(/.*setCodeSigningRequirement.*\n/, '')),
  },
  { rule: 'SRC004', severity: 'error', file: 'Ext/Client.swift', at: 'privileged', bad: turned },
  {
    rule: 'SRC004',
    severity: 'info',
    file: 'App/Client.swift',
    bad: (s) =>
      (s.sources['App/Client.swift'] =
        constant('com.example.elsewhere') + useConstant(client).replace('options: []', 'options: .privileged')),
  },
  {
    rule: 'SRC005',
    severity: 'error',
    file: 'App/Client.swift',
    at: 'NSXPCConnection(',
    bad: (s) => (s.sources['App/Client.swift'] = client.replace(/.*remoteObjectInterface.*\n/, '')),
  },
  {
    rule: 'SRC006',
    severity: 'error',
    file: 'Ext/Listener.swift',
    at: 'NSXPCListener(',
    bad: (s) =>
      (s.sources['Ext/Listener.swift'] = listener
        .replace(/ *listener\.resume\(\)\n/, '')
        .replaceAll(/ *newConnection\.resume\(\)\n/g, '        newConnection.activate()\n')),
  },
  {
    rule: 'SRC007',
    severity: 'error',
    file: 'App/Listener.swift',
    bad: (s) => {
      turned(s);
      s.sources['App/Listener.swift'] = withBody('        return true');
      s.sources['Ext/Client.swift'] = client.replace(/.*remoteObjectInterface.*\n/, '');
      s.app = { ...s.app, 'com.apple.security.xpc.mach-service.name': [`${group}.xpc`] };
    },
  },
  {
    rule: 'SRC008',
    severity: 'error',
    file: 'Ext/main.swift',
    bad: (s) => (s.sources['Ext/main.swift'] = main.replace(/autoreleasepool[^}]*\}\n/, '')),
  },
  {
    rule: 'SRC009',
    severity: 'error',
    file: pbx,
    bad: (s) => (s.sysexSettings['OTHER_LDFLAGS'] = '-e _NSExtensionMain'),
  },
  {
    rule: 'SRC010',
    severity: 'warning',
    file: 'Ext/Listener.swift',
    at: 'processIdentifier',
    bad: (s) =>
      (s.sources['Ext/Listener.swift'] = listener.replace(
        'newConnection.setCodeSigningRequirement(requirement)',
        'guard newConnection.processIdentifier == trusted else { return false }',
      )),
  },
  {
    rule: 'SRC011',
    severity: 'warning',
    file: 'Ext/Listener.swift',
    at: 'current = newConnection',
    bad: (s) =>
      (s.sources['Ext/Listener.swift'] = listener.replace(
        'connections.insert(newConnection)',
        'current = newConnection',
      )),
  },
  {
    rule: 'SRC012',
    severity: 'hint',
    file: 'Ext/Team.swift',
    bad: (s) =>
      (s.sources['Ext/Team.swift'] =
        `let requirement = "anchor apple generic and certificate leaf[subject.OU] = ${team}" // XPC\nlet unused: NSXPCConnection? = nil\n`),
  },
  {
    rule: 'SRC012',
    severity: 'hint',
    file: 'Ext/Team.swift',
    at: `"${team}"`,
    bad: (s) => {
      s.sysexSettings['DEVELOPMENT_TEAM'] = team;
      s.sources['Ext/Team.swift'] = `import Foundation\nlet teamID = "${team}"\nlet unused: NSXPCConnection? = nil\n`;
    },
  },
  {
    rule: 'SRC013',
    severity: 'hint',
    file: 'App/Client.swift',
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
      s.sources['App/Client.swift'] = constant(literalName) + useConstant(client);
    },
  },
  ...(['SRC013', 'INF018'] as const).map((rule): Case => ({
    rule,
    severity: 'hint',
    file: rule === 'SRC013' ? 'Ext/Listener.swift' : info,
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
      s.sources['Ext/Listener.swift'] = listener.replace('machServiceName: name', `machServiceName: "${literalName}"`);
    },
  })),
  {
    rule: 'SRC013',
    severity: 'hint',
    file: 'Ext/Endpoint.m',
    at: '@"',
    bad: (s) => {
      s.network = { ...s.network, NEMachServiceName: `${group}.xpc` };
      s.sources['Ext/Endpoint.m'] =
        `#import <Foundation/Foundation.h>\n#define NAME @"${literalName}"\n@implementation Endpoint\n` +
        '- (void)start {\n    self.listener = [[NSXPCListener alloc] initWithMachServiceName:NAME];\n    [self.listener resume];\n}\n@end\n';
    },
  },
  {
    rule: 'SRC014',
    severity: 'info',
    file: 'Ext/Host.swift',
    bad: (s) => {
      s.settings['MACOSX_DEPLOYMENT_TARGET'] = '15.0';
      s.sources['Ext/Host.swift'] = 'import NetworkExtension\nlet e = NWHostEndpoint(hostname: "a", port: "1")\n';
    },
  },
  {
    rule: 'SRC015',
    severity: 'warning',
    file: 'Ext/Reader.swift',
    bad: (s) =>
      (s.sources['Ext/Reader.swift'] =
        'func go(flow: NEAppProxyTCPFlow) {\n    flow.readData { d, e in use(d) }\n    flow.readData { d, e in use(d) }\n}\n'),
  },
];

/** The endpoint the wrong way round. */
function turned(s: Sound): void {
  const code = s.sources;
  delete code['App/Client.swift'];
  delete code['Ext/Listener.swift'];
  code['App/Listener.swift'] = listener;
  code['Ext/Client.swift'] = client.replace('options: []', 'options: .privileged');
  s.network = without(s.network, 'NEMachServiceName');
}

/** The app names a profile of its own, for a certificate of the kind Developer ID. */
function named(s: Sound): void {
  profile(s, { [install]: true, [networkExtension]: ['app-proxy-provider-systemextension'] }, undefined, true);
  s.appSettings['PROVISIONING_PROFILE_SPECIFIER'] = 'App';
}

/** `<key>DeveloperCertificates</key>…` as it stands in a fixture. */
const certificates = (): string =>
  /<key>DeveloperCertificates<\/key>\s*<array>.*?<\/array>/s.exec(
    readFileSync(new URL('../../fixtures/profiles/developer-id.provisionprofile', import.meta.url), 'latin1'),
  )![0];

function profile(
  s: Sound,
  entitlements: Record<string, unknown>,
  expires = '2999-01-01T00:00:00Z',
  withCertificates = false,
): void {
  s.extra['App/App.provisionprofile'] = cms(
    plist({
      Name: 'App',
      UUID: 'u',
      TeamIdentifier: [team],
      ProvisionsAllDevices: true,
      Entitlements: {
        'com.apple.application-identifier': `${team}.com.example.app`,
        ...(entitlements as Record<string, never>),
      },
    }).replace(
      '<key>UUID</key>',
      `${withCertificates ? certificates() : ''}<key>ExpirationDate</key>\n\t<date>${expires}</date>\n\t<key>UUID</key>`,
    ),
  );
}

const options = { now: new Date('2026-06-01') };
const lint = (files: Files): readonly Finding[] => lintFiles(files, options);
const serious = (findings: readonly Finding[]): readonly string[] =>
  findings
    .filter((f) => f.severity === 'error' || f.severity === 'warning')
    .map((f) => `${f.rule} ${f.file} ${f.message}`);

describe('a certificate that the profile is not for (X016)', () => {
  const found = (identity: string, change: (s: Sound) => void = () => {}): string[] =>
    ofRule(
      lint(
        spoilt((s) => {
          named(s);
          s.settings['CODE_SIGN_IDENTITY'] = identity;
          change(s);
        }),
      ),
      'X016',
    ).map((f) => f.message);

  it('is told with both names', () =>
    assert.match(
      found('Apple Development')[0] ?? '',
      /is for Developer ID Application: Example Ltd \(ABCDEFGH12\); App is signed with “Apple Development”/,
    ));
  for (const identity of ['Mac Developer', 'Apple Distribution', 'Developer ID Application: Other Ltd (ABCDEFGH13)'])
    it(`is told of ${identity}`, () => assert.ok(found(identity).length > 0));
  for (const [identity, why] of [
    ['Developer ID Application', 'the certificate is of that kind'],
    ['Developer ID Application: Example Ltd (ABCDEFGH12)', 'it is that very certificate'],
    ['-', 'it is signed ad hoc'],
    ['0123456789ABCDEF0123456789ABCDEF01234567', 'it is a fingerprint'],
    ['Our own', 'it is a certificate of the house'],
    ['$(IDENTITY)', 'nobody knows which it is'],
  ] as const)
    it(`is not told of ${identity}: ${why}`, () => assert.deepEqual(found(identity), []));
  it('is not told where the project does not name the profile', () =>
    assert.deepEqual(
      found('Apple Development', (s) => delete s.appSettings['PROVISIONING_PROFILE_SPECIFIER']),
      [],
    ));
});

describe('the project rules', () => {
  it('find nothing in the sound project', () => assert.deepEqual(brief(lint(filesOfSound(sound()))), []));

  it('have a bad example each', () => {
    const tried = new Set(cases.map((c) => c.rule));
    assert.deepEqual(
      projectRules.map((r) => r.id).filter((id) => !tried.has(id)),
      [],
    );
  });

  for (const { rule, severity, file, at, bad } of cases)
    describe(`${rule} (${severity}, ${file})`, () => {
      const files = spoilt(bad);
      const findings = lint(files);
      const found = ofRule(findings, rule).filter((f) => f.file === file && f.severity === severity);

      it('is found', () => {
        assert.ok(found.length > 0, brief(findings).join('; '));
        if (at !== undefined) {
          const marked = found.map((f) => String(files[file]).slice(f.range.start, f.range.end));
          assert.ok(
            marked.some((text) => text.startsWith(at)),
            JSON.stringify(marked),
          );
        }
      });
      it('is silent when .flowtaprc says off', () => {
        const config = { ...files, '.flowtaprc': JSON.stringify({ rules: { [rule]: 'off' } }) };
        assert.deepEqual(ofRule(lint(config), rule), []);
      });
      for (const [i, { fixes }] of found.entries())
        for (const fix of fixes)
          it(`is mended by “${fix.title}” (${i})`, () => {
            const after = applied(files, fix);
            const left = lint(after);
            const same = (f: Finding): boolean => f.rule === rule && f.file === file && f.message === found[i]?.message;
            assert.ok(left.filter(same).length < findings.filter(same).length, brief(left).join('; '));
            const before = new Set(serious(findings));
            assert.deepEqual(
              serious(left).filter((f) => !before.has(f)),
              [],
              'brings another finding',
            );
            // What is mended offers nothing more, so a second time changes nothing.
            assert.ok(
              !left.some(
                (f) => same(f) && f.range.start === found[i]?.range.start && f.fixes.some((x) => x.title === fix.title),
              ),
            );
          });
    });
});

describe('fixes of the project file', () => {
  it('an embedding phase is one that the model reads, and the same edit each time (X017)', () => {
    const files = spoilt((s) => (s.appTarget = { embeds: [], script: 'true' }));
    const [fix] = ofRule(lint(files), 'X017')[0]?.fixes ?? [];
    assert.ok(fix);
    const text = String(applied(files, fix)[pbx]);
    assert.match(text, /dstPath = "\$\(SYSTEM_EXTENSIONS_FOLDER_PATH\)";\n\t\t\tdstSubfolderSpec = 16;/);
    assert.equal(text, applied(files, ofRule(lint(files), 'X017')[0]!.fixes[0]!)[pbx]);
  });
  it('the place of installation is set where it was, and only where no other target has it from there (X025)', () => {
    const fixOf = (files: Files) => ofRule(lint(files), 'X025')[0]?.fixes ?? [];
    const own = spoilt((s) => (s.appSettings['INSTALL_PATH'] = '/opt/example'));
    assert.match(String(applied(own, fixOf(own)[0]!)[pbx]), /INSTALL_PATH = "\$\(LOCAL_APPS_DIR\)";/);
    const shared = spoilt((s) => (s.settings['INSTALL_PATH'] = '/opt/example'));
    assert.equal(ofRule(lint(shared), 'X025').length > 0, true);
    assert.deepEqual(fixOf(shared), []);
  });
  it('a Team ID is read from the Info.plist that the build puts it into (SRC012)', () => {
    const source = 'Ext/Team.swift';
    const files = spoilt((s) => {
      s.sysexSettings['DEVELOPMENT_TEAM'] = team;
      s.sources[source] = `import Foundation\nlet teamID = "${team}"\nlet unused: NSXPCConnection? = nil\n`;
    });
    const [fix] = ofRule(lint(files), 'SRC012')[0]?.fixes ?? [];
    assert.ok(fix);
    const after = applied(files, fix);
    assert.match(
      String(after[source]),
      /let teamID = \(Bundle\.main\.object\(forInfoDictionaryKey: "TeamIdentifier"\)/,
    );
    assert.match(String(after[info]), /<key>TeamIdentifier<\/key>\s*<string>\$\(DEVELOPMENT_TEAM\)<\/string>/);
  });
  it('a second read is moved into the completion of the first (SRC015)', () => {
    const moved = (name: string, code: string): string => {
      const files = spoilt((s) => (s.sources[name] = code));
      const [fix] = ofRule(lint(files), 'SRC015')[0]?.fixes ?? [];
      return fix ? String(applied(files, fix)[name]) : '';
    };
    const swift = (body: string): string => `func go(flow: NEAppProxyTCPFlow) {\n${body}}\n`;
    assert.equal(
      moved(
        'Ext/Reader.swift',
        swift(
          '    flow.readData { d, e in use(d) }\n    other()\n    flow.readData { d, e in\n        use(d)\n    }\n',
        ),
      ),
      swift(
        '    flow.readData { d, e in use(d)\n        flow.readData { d, e in\n            use(d)\n        }\n    }\n    other()\n',
      ),
    );
    assert.equal(
      moved(
        'Ext/Reader.m',
        'void go(NEAppProxyTCPFlow *flow) {\n\t[flow readDataWithCompletionHandler:^(NSData *d, NSError *e) {\n\t\tuse(d);\n\t}];\n\t[flow readDataWithCompletionHandler:^(NSData *d, NSError *e) { use(d); }];\n}\n',
      ),
      'void go(NEAppProxyTCPFlow *flow) {\n\t[flow readDataWithCompletionHandler:^(NSData *d, NSError *e) {\n\t\tuse(d);\n\t\t[flow readDataWithCompletionHandler:^(NSData *d, NSError *e) { use(d); }];\n\t}];\n}\n',
    );
    // What becomes of the second one's result cannot be moved with it, nor a condition.
    assert.equal(
      moved(
        'Ext/Reader.m',
        'void go(NEAppProxyTCPFlow *flow) {\n\t[flow readDataWithCompletionHandler:^(NSData *d, NSError *e) { use(d); }];\n\tif (more) [flow readDataWithCompletionHandler:^(NSData *d, NSError *e) { use(d); }];\n}\n',
      ),
      '',
    );
    assert.equal(
      moved(
        'Ext/Reader.swift',
        swift('    flow.readData { d, e in use(d) }\n    let x = flow.readData { d, e in use(d) }\n'),
      ),
      '',
    );
  });
  it('a stored connection becomes a list, where nothing else uses it (SRC011)', () => {
    const code = (use: string): string =>
      listener
        .replace('connections.insert(newConnection)', 'current = newConnection')
        .replace(/(class [^{]*\{\n)/, `$1    private var current: NSXPCConnection?\n${use}`);
    const fixesOf = (use: string) => {
      const files = spoilt((s) => (s.sources['Ext/Listener.swift'] = code(use)));
      const [finding] = ofRule(lint(files), 'SRC011');
      assert.ok(finding);
      return finding.fixes.map((fix) => String(applied(files, fix)['Ext/Listener.swift']));
    };
    const [text] = fixesOf('');
    assert.match(text ?? '', /private var current: \[NSXPCConnection\] = \[\]\n/);
    assert.match(text ?? '', /current\.append\(newConnection\)/);
    assert.deepEqual(fixesOf('    func send() { current?.resume() }\n'), []);
  });
  it('a file that is created claims what its partner claims (X018)', () => {
    const files = spoilt((s) => (s.sysexSettings['CODE_SIGN_ENTITLEMENTS'] = 'Ext/Absent.entitlements'));
    const [fix] = ofRule(lint(files), 'X018')[0]?.fixes ?? [];
    assert.equal(fix?.creates?.[0]?.file, 'Ext/Absent.entitlements');
    assert.equal(
      fix.creates[0].text,
      plist({ [networkExtension]: ['app-proxy-provider-systemextension'], [sandbox]: true, [groups]: [group] }),
    );
  });
});

describe('suppression in source', () => {
  const bad = (comment: string): Files =>
    spoilt((s) => (s.sources['Ext/Listener.swift'] = withBody(`        ${comment}\n        return true`)));
  it('holds for the next line', () => {
    assert.equal(ofRule(lint(bad('// because')), 'SRC002').length, 1);
    assert.deepEqual(ofRule(lint(bad('// flowtap:disable SRC002')), 'SRC002'), []);
    assert.deepEqual(ofRule(lint(bad('/* flowtap:disable SRC001, SRC002 */')), 'SRC002'), []);
  });
  it('holds only for the rules it names', () =>
    assert.equal(ofRule(lint(bad('// flowtap:disable SRC003')), 'SRC002').length, 1));
});

describe('a project that only iOS uses', () => {
  it('gets no project rule', () => {
    const files = fixture('seed');
    const ios = Object.fromEntries(
      Object.entries(files).map(([f, t]) => [
        f,
        t
          .replaceAll('macosx', 'iphoneos')
          .replaceAll('system-extension"', 'app-extension"')
          .replaceAll('SystemExtensions', 'PlugIns'),
      ]),
    );
    assert.deepEqual(
      lint(ios)
        .filter((f) => /^(X|SRC|INF)/.test(f.rule))
        .map((f) => f.rule),
      [],
    );
  });
});
