// Shapes of products that build one app in several ways, or that lie beside others in one folder. What is another
// build's or another project's is not said of this one.
import assert from 'node:assert/strict';
import { applied, lintFiles, ofRule } from '../../support/project.ts';
import type { Files } from '../../support/project.ts';
import { cms } from '../../support/cms.ts';
import { plist } from '../../support/plists.ts';
import {
  client,
  filesOfSound,
  groups,
  install,
  listener,
  networkExtension,
  sandbox,
  sound,
  without,
} from '../../support/sound.ts';
import type { Sound } from '../../support/sound.ts';
import type { TestTarget } from '../../support/xcodeproj.ts';
import { xcodeproj } from '../../support/xcodeproj.ts';

const serious = (files: Files): string[] =>
  lintFiles(files, { now: new Date('2026-06-01') })
    .filter((f) => f.severity === 'error' || f.severity === 'warning')
    .map((f) => `${f.rule} ${f.file}`);

/** One app for the store and the phone with a provider, for Developer ID with a system extension of another id. */
function twoPackagings(change: (s: Sound) => void = () => undefined): Files {
  const s = sound();
  const store: TestTarget = {
    name: 'Tunnel',
    type: 'app-extension',
    settings: { CODE_SIGN_ENTITLEMENTS: 'Ext/Ext.entitlements', INFOPLIST_FILE: 'Tunnel/Info.plist' },
  };
  const several = { SUPPORTED_PLATFORMS: 'iphoneos iphonesimulator macosx' };
  s.others = [store];
  s.project = { configurations: ['Debug', 'Release', 'ReleaseMac'] };
  s.settings = { ...s.settings, SDKROOT: 'auto', CODE_SIGN_IDENTITY: '' };
  s.sysexSettings = { ...s.sysexSettings, PRODUCT_BUNDLE_IDENTIFIER: 'org.example.mac.extension' };
  s.appTarget = {
    plugIns: ['Tunnel'],
    configurations: {
      Debug: { ...several, CODE_SIGN_ENTITLEMENTS: 'App/Store.entitlements' },
      Release: { ...several, CODE_SIGN_ENTITLEMENTS: 'App/Store.entitlements' },
      ReleaseMac: { SUPPORTED_PLATFORMS: 'macosx', PRODUCT_BUNDLE_IDENTIFIER: 'org.example.mac' },
    },
  };
  s.extra = {
    'App/Store.entitlements': plist({
      'aps-environment': 'development',
      [networkExtension]: ['app-proxy-provider'],
      [sandbox]: true,
      [groups]: ['group.com.example.app'],
    }),
    'Tunnel/Info.plist': plist({
      NSExtension: { NSExtensionPointIdentifier: 'com.apple.networkextension.app-proxy' },
    }),
  };
  change(s);
  return filesOfSound(s);
}

describe('an app in two packagings', () => {
  it('is judged with its system extension where it installs one', () => {
    const found = serious(twoPackagings());
    assert.deepEqual(
      found.filter((f) => /^(INF012|X001|X002|X006|ENT029)/.test(f)),
      [],
    );
  });
  it('must install it somewhere', () => {
    const found = serious(
      twoPackagings((s) => {
        s.app = { ...s.app, [install]: false };
      }),
    );
    assert.ok(found.includes('X006 App/App.entitlements'), found.join());
  });
});

describe('Mac Catalyst', () => {
  const phone = (settings: Record<string, string>): Files => ({
    'App.xcodeproj/project.pbxproj': xcodeproj({
      targets: [
        {
          name: 'App',
          type: 'application',
          settings: { SDKROOT: 'iphoneos', CODE_SIGN_ENTITLEMENTS: 'App.entitlements', ...settings },
        },
      ],
    }),
    'App.entitlements': plist({ [sandbox]: true, 'com.apple.security.network.client': true }),
  });
  it('takes the keys of the sandbox', () => assert.deepEqual(serious(phone({ SUPPORTS_MACCATALYST: 'YES' })), []));
  it('is not every app for iOS', () =>
    assert.deepEqual(serious(phone({})), ['ENT029 App.entitlements', 'ENT029 App.entitlements']));
});

describe('an ordinary app beside a Network Extension project', () => {
  const unchecked = listener.replace(/.*setCodeSigningRequirement.*\n/, '');
  const ordinary: Files = {
    'Other/Other.xcodeproj/project.pbxproj': xcodeproj({
      targets: [{ name: 'Other', type: 'application', sources: ['Service.swift'], settings: { SDKROOT: 'macosx' } }],
    }),
    'Other/Service.swift': unchecked,
  };
  it('gets the rules of single files only', () =>
    assert.deepEqual(serious({ ...filesOfSound(sound()), ...ordinary }), []));
  it('and so where no project file tells them apart', () => {
    const files: Files = {
      'Proxy/App/App.entitlements': plist(sound().app),
      'Proxy/App/Client.swift': client,
      'Proxy/Ext/Ext.entitlements': plist(sound().sysex),
      'Other/Other.entitlements': plist({ [sandbox]: true, [groups]: ['group.com.example.other'] }),
      'Other/Info.plist': plist({ CFBundlePackageType: 'APPL' }),
      'Other/Service.swift': unchecked,
    };
    assert.deepEqual(
      serious(files).filter((f) => f.includes('Other/')),
      [],
    );
  });
  it('while one within the product is judged', () => {
    const s = sound();
    s.others = [{ name: 'Helper', type: 'application', sources: ['Helper/Service.swift'] }];
    s.sources['Helper/Service.swift'] = unchecked;
    assert.deepEqual(serious(filesOfSound(s)), ['SRC001 Helper/Service.swift', 'SRC003 Helper/Service.swift']);
  });
});

describe('provisioning profiles', () => {
  const profile = plist({
    Name: 'Store',
    UUID: 'u',
    Entitlements: { 'application-identifier': 'AB12CD34EF.com.example.app', 'aps-environment': 'production' },
  }).replace('<key>UUID</key>', '<key>ExpirationDate</key>\n\t<date>2020-01-01T00:00:00Z</date>\n\t<key>UUID</key>');
  const files = (sdk: string, key: string): Files => ({
    'App.xcodeproj/project.pbxproj': xcodeproj({
      settings: { SDKROOT: sdk },
      targets: [
        {
          name: 'App',
          type: 'application',
          settings: { CODE_SIGN_ENTITLEMENTS: 'App.entitlements', PROVISIONING_PROFILE_SPECIFIER: 'Store' },
        },
        { name: 'Push', type: 'app-extension', settings: { INFOPLIST_FILE: 'Push-Info.plist' } },
      ],
    }),
    'App.entitlements': plist({ [key]: 'development' }),
    'Push-Info.plist': plist({ NSExtension: { NSExtensionPointIdentifier: 'com.apple.networkextension.app-push' } }),
    'Store.mobileprovision': cms(profile),
  });
  const told = (sdk: string, key: string): string[] => serious(files(sdk, key)).filter((f) => /^X01[3-6]/.test(f));

  it('of other platforms than macOS are left to Xcode', () =>
    assert.deepEqual(told('iphoneos', 'aps-environment'), []));
  it('of a Mac are held against the target', () =>
    assert.deepEqual(told('macosx', 'com.apple.developer.aps-environment'), [
      'X013 App.entitlements',
      'X016 App.xcodeproj/project.pbxproj',
      'X016 App.xcodeproj/project.pbxproj',
    ]));
});

describe('settings of the whole project', () => {
  const named = (s: Sound): void => {
    const { PRODUCT_NAME: _, ...own } = s.sysexSettings;
    s.sysexSettings = own;
    s.settings = { ...s.settings, PRODUCT_NAME: '$(TARGET_NAME)' };
  };
  it('are not changed for one target (INF015)', () => {
    const s = sound();
    named(s);
    const files = filesOfSound(s);
    const [finding] = ofRule(lintFiles(files), 'INF015');
    const text = String(files['Proxy.xcodeproj/project.pbxproj']);
    assert.match(text.slice(finding?.range.start), /^"?com.example.app.extension/);
    const [fix] = finding?.fixes ?? [];
    assert.ok(fix);
    const after = String(applied(files, fix)['Proxy.xcodeproj/project.pbxproj']);
    assert.match(after, /com.example.app.extension"?;\n\s+PRODUCT_NAME = "\$\(PRODUCT_BUNDLE_IDENTIFIER\)";\n/);
    assert.ok(after.includes('PRODUCT_NAME = "$(TARGET_NAME)"'));
  });
  it('can hold an empty description (INF010)', () => {
    const s = sound();
    s.info = without(s.info, 'NSSystemExtensionUsageDescription');
    s.sysexSettings = { ...s.sysexSettings, INFOPLIST_KEY_NSSystemExtensionUsageDescription: '' };
    const files = filesOfSound(s);
    const [finding] = ofRule(lintFiles(files), 'INF010');
    assert.equal(finding?.file, 'Proxy.xcodeproj/project.pbxproj');
    assert.deepEqual(ofRule(lintFiles(applied(files, finding.fixes[0]!)), 'INF010').length, 1, 'Release is left');
  });
});

describe('.NET', () => {
  const files = {
    'App/Entitlements.plist': `\ufeff${plist({ [sandbox]: true, [groups]: ['$(TeamIdentifierPrefix)com.example.app'] })}`,
  };
  it('expands variables and writes the file anew', () =>
    assert.deepEqual(serious({ ...files, 'App/App.csproj': '<Project Sdk="Microsoft.NET.Sdk"/>' }), []));
  it('and codesign alone does not', () =>
    assert.deepEqual(serious(files), ['ENT003 App/Entitlements.plist', 'ENT019 App/Entitlements.plist']));
});

describe('a name that each developer fills in', () => {
  it('is not known where the repository leaves it empty', () => {
    const s = sound();
    s.project = { xcconfig: { Debug: 'Config.xcconfig', Release: 'Config.xcconfig' } };
    s.extra['Config.xcconfig'] =
      'APP_GROUP[config=Debug] =\nAPP_ID[config=Debug] =\nAPP_GROUP[config=Release] = AB12CD34EF.com.example.app\n' +
      'APP_ID[config=Release] = com.example.app\n';
    s.app = { ...s.app, [groups]: ['$(APP_GROUP)'], 'keychain-access-groups': ['$(APP_GROUP)'] };
    s.sysex = { ...s.sysex, [groups]: ['$(APP_GROUP)'] };
    s.network = { ...s.network, NEMachServiceName: '$(APP_GROUP).xpc.$(CURRENT_PROJECT_VERSION)' };
    s.appSettings = { PRODUCT_BUNDLE_IDENTIFIER: '$(APP_ID)' };
    s.sysexSettings = { ...s.sysexSettings, PRODUCT_BUNDLE_IDENTIFIER: '$(APP_ID).extension' };
    assert.deepEqual(serious(filesOfSound(s)), []);
  });
});
