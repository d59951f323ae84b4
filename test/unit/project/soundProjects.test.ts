// Projects in the shapes that ship. No rule may say error or warning of one, unless it is named here as true.
import assert from 'node:assert/strict';
import { lintFiles } from '../../support/project.ts';
import type { Files } from '../../support/project.ts';
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
  provider,
  sandbox,
  sound,
  spoilt,
  team,
  without,
} from '../../support/sound.ts';
import { xcodeproj } from '../../support/xcodeproj.ts';

/** Rules that say something true of the shape. */
type Shape = readonly [name: string, files: Files, allowed?: readonly string[]];

const filterProvider = provider
  .replace('NETransparentProxyProvider', 'NEFilterDataProvider')
  .replace('class Provider', 'class FilterDataProvider');
const fromBundle = `        let keys = bundle.object(forInfoDictionaryKey: "NetworkExtension") as? [String: Any]
        let name = keys?["NEMachServiceName"] as? String ?? ""`;

/** Listener and client in one file that both targets compile, the name read from the bundle, one stored connection,
 *  the placeholder team of a sample, development signing. */
const sharedFile = `import Foundation
import Network

@objc protocol ProviderMessages { func register(_ done: @escaping (Bool) -> Void) }

class Connection: NSObject, NSXPCListenerDelegate, ProviderMessages {
    var listener: NSXPCListener?
    var current: NSXPCConnection?

    func startListener(bundle: Bundle) {
${fromBundle}
        let newListener = NSXPCListener(machServiceName: name)
        newListener.delegate = self
        newListener.resume()
        listener = newListener
    }

    func register(bundle: Bundle) {
${fromBundle}
        guard current == nil else { return }
        let newConnection = NSXPCConnection(machServiceName: name, options: [])
        newConnection.exportedInterface = NSXPCInterface(with: ProviderMessages.self)
        newConnection.exportedObject = self
        newConnection.remoteObjectInterface = NSXPCInterface(with: ProviderMessages.self)
        current = newConnection
        newConnection.resume()
    }

    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection newConnection: NSXPCConnection) -> Bool {
        newConnection.exportedInterface = NSXPCInterface(with: ProviderMessages.self)
        newConnection.exportedObject = self
        newConnection.invalidationHandler = { self.current = nil }
        current = newConnection
        newConnection.resume()
        return true
    }

    func register(_ done: @escaping (Bool) -> Void) { done(true) }
}
`;

const sampleFilter = spoilt((s) => {
  const values = { [networkExtension]: ['content-filter-provider'] };
  s.app = { ...s.app, ...values };
  s.sysex = { ...s.sysex, ...values };
  s.network = {
    NEMachServiceName: `${group}.extension`,
    NEProviderClasses: { 'com.apple.networkextension.filter-data': '$(PRODUCT_MODULE_NAME).FilterDataProvider' },
  };
  s.sources = {
    'Ext/Connection.swift': sharedFile,
    'Ext/main.swift': main,
    'Ext/FilterDataProvider.swift': filterProvider,
    'App/AppDelegate.swift': '@main class AppDelegate {}\n',
  };
  s.appTarget = { sources: ['App/AppDelegate.swift', 'Ext/Connection.swift'] };
  Object.assign(s.settings, {
    CODE_SIGN_STYLE: 'Automatic',
    CODE_SIGN_IDENTITY: 'Mac Developer',
    DEVELOPMENT_TEAM: '',
  });
  delete s.settings['ENABLE_HARDENED_RUNTIME'];
});

/** Objective-C, no sandbox on either side, the name equal to the group and typed in a header, audit tokens, sibling
 *  bundle ids. */
const nameIsGroup = spoilt((s) => {
  const values = { [networkExtension]: ['content-filter-provider-systemextension'] };
  const shared = '$(TeamIdentifierPrefix)com.example.wall';
  s.app = { ...without(s.app, sandbox), ...values, [groups]: [shared] };
  s.sysex = { ...without(s.sysex, sandbox), ...values, [groups]: [shared] };
  s.network = {
    NEMachServiceName: shared,
    NEProviderClasses: { 'com.apple.networkextension.filter-data': 'FilterDataProvider' },
  };
  s.appSettings['PRODUCT_BUNDLE_IDENTIFIER'] = 'com.example.wall.app';
  s.sysexSettings['PRODUCT_BUNDLE_IDENTIFIER'] = 'com.example.wall.extension';
  s.sources = {
    'Shared/consts.h': `// the name of the daemon's endpoint, as in "com.other.thing.xpc"\n#define DAEMON_MACH_SERVICE @"${team}.com.example.wall"\n`,
    'App/Client.m': `#import "consts.h"
@implementation Client
- (void)createConnection
{
    daemon = [[NSXPCConnection alloc] initWithMachServiceName:DAEMON_MACH_SERVICE options:0];
    self.daemon.remoteObjectInterface = [NSXPCInterface interfaceWithProtocol:@protocol(XPCDaemonProtocol)];
    self.daemon.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(XPCUserProtocol)];
    self.daemon.exportedObject = [[XPCUser alloc] init];
    [self.daemon resume];
}
@end
`,
    'Ext/Listener.m': `#import "consts.h"
@implementation XPCListener
- (BOOL)initListener
{
    /* [[NSXPCListener alloc] initWithMachServiceName:@"old"]; */
    listener = [[NSXPCListener alloc] initWithMachServiceName:DAEMON_MACH_SERVICE];
    self.listener.delegate = self;
    [self.listener resume];
    return YES;
}
- (BOOL)listener:(NSXPCListener *)listener shouldAcceptNewConnection:(NSXPCConnection *)newConnection
{
    BOOL shouldAccept = NO;
    audit_token_t token = ((ExtendedNSXPCConnection *)newConnection).auditToken;
    if (errSecSuccess != SecTaskValidateForRequirement(SecTaskCreateWithAuditToken(NULL, token), requirement)) goto bail;
    newConnection.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(XPCDaemonProtocol)];
    newConnection.exportedObject = [[XPCDaemon alloc] init];
    [newConnection resume];
    shouldAccept = YES;
bail:
    return shouldAccept;
}
@end
`,
    'Ext/FilterDataProvider.m':
      '#import <NetworkExtension/NetworkExtension.h>\n@interface FilterDataProvider : NEFilterDataProvider\n@end\n',
    'Ext/main.m':
      'int main(int argc, char *argv[])\n{\n    @autoreleasepool { [NEProvider startSystemExtensionMode]; }\n    dispatch_main();\n}\n',
  };
});

const yaml = `name: Tunnel
options:
  bundleIdPrefix: com.example
settings:
  base:
    DEVELOPMENT_TEAM: ${team}
    CURRENT_PROJECT_VERSION: 3
    BASE_ID: com.example.tunnel
  configs:
    Debug: { NE_SUFFIX: "", CODE_SIGN_IDENTITY: Apple Development, CODE_SIGN_STYLE: Automatic }
    Release: { NE_SUFFIX: -systemextension, CODE_SIGN_IDENTITY: Developer ID Application, CODE_SIGN_STYLE: Manual, ENABLE_HARDENED_RUNTIME: true }
targetTemplates:
  Mac:
    platform: macOS
    deploymentTarget: "13.0"
targets:
  Tunnel App:
    type: application
    templates: [Mac]
    sources:
      - path: App
    settings: { base: { PRODUCT_BUNDLE_IDENTIFIER: $(BASE_ID), PRODUCT_NAME: Tunnel } }
    entitlements:
      path: App/App.entitlements
      properties:
        com.apple.developer.networking.networkextension: [packet-tunnel-provider$(NE_SUFFIX)]
        com.apple.developer.system-extension.install: true
        com.apple.security.app-sandbox: true
        com.apple.security.network.client: true
        com.apple.security.application-groups: [$(TeamIdentifierPrefix)com.example.tunnel]
    info:
      path: App/Info.plist
      properties: { LSMinimumSystemVersion: "13.0" }
    dependencies:
      - target: VPN
        embed: true
      - target: Helper
        copy: { destination: wrapper, subpath: Contents/MacOS }
  VPN:
    type: system-extension
    templates: [Mac]
    sources: [VPN]
    settings:
      PRODUCT_BUNDLE_IDENTIFIER: $(BASE_ID).vpn
      PRODUCT_NAME: $(PRODUCT_BUNDLE_IDENTIFIER)
    entitlements:
      path: VPN/VPN.entitlements
      properties:
        com.apple.developer.networking.networkextension: ['packet-tunnel-provider\${NE_SUFFIX}']
        com.apple.security.app-sandbox: true
        com.apple.security.network.client: true
        com.apple.security.network.server: true
        com.apple.security.application-groups: [$(TeamIdentifierPrefix)com.example.tunnel]
    info:
      path: VPN/Info.plist
      properties:
        NSSystemExtensionUsageDescription: Carries your traffic.
        NetworkExtension:
          NEMachServiceName: $(TeamIdentifierPrefix)com.example.tunnel.vpn.$(CURRENT_PROJECT_VERSION)
          NEProviderClasses: { com.apple.networkextension.packet-tunnel: $(PRODUCT_MODULE_NAME).Provider }
  Helper:
    type: tool
    platform: macOS
    sources: [Helper]
`;
const xcodegen: Files = {
  'project.yml': yaml,
  'App/Client.swift': client,
  'VPN/main.swift': main,
  'VPN/Listener.swift': listener,
  'VPN/Provider.swift': provider.replace('NETransparentProxyProvider', 'NEPacketTunnelProvider'),
  'Helper/main.swift': listener.replace(
    'machServiceName: name',
    `machServiceName: "${team}.com.example.tunnel.helper"`,
  ),
  'App/com.example.tunnel.helper.plist': plist({
    Label: 'com.example.tunnel.helper',
    MachServices: { [`${team}.com.example.tunnel.helper`]: true },
  }),
};

/** Everything in configuration files, with includes, conditions and a file that only the developer has. */
const xcconfigs = spoilt((s) => {
  s.appSettings = {};
  s.sysexSettings = {};
  s.settings = {};
  const both = { [networkExtension]: ['app-proxy-provider$(NE_SUFFIX)'], [groups]: ['$(APP_GROUP)'], [sandbox]: true };
  s.app = { ...both, [install]: true };
  s.sysex = both;
  s.network = { ...s.network, NEMachServiceName: '$(APP_GROUP).xpc.$(CURRENT_PROJECT_VERSION)' };
  s.appTarget = { xcconfig: { Debug: 'Config/App.xcconfig', Release: 'Config/App.xcconfig' } };
  s.sysexTarget = { xcconfig: { Debug: 'Config/Ext.xcconfig', Release: 'Config/Ext.xcconfig' } };
  s.extra = {
    'Config/Base.xcconfig': `#include "Loop.xcconfig"
#include? "Developer.xcconfig"
SDKROOT = macosx
BASE_ID = com.example.configured // the product
APP_GROUP = $(TeamIdentifierPrefix)$(BASE_ID)
CURRENT_PROJECT_VERSION = 12
NE_SUFFIX[config=Release] = -systemextension
NE_SUFFIX =
CODE_SIGN_IDENTITY[sdk=iphoneos*] = Apple Distribution
CODE_SIGN_IDENTITY[sdk=macosx*][config=Release] = Developer ID Application
CODE_SIGN_IDENTITY[config=Debug] = Apple Development
ENABLE_HARDENED_RUNTIME = YES
`,
    'Config/Loop.xcconfig': '#include "Base.xcconfig"\nLOOP = $(LOOP) $(inherited)\n',
    'Config/App.xcconfig': '#include "Base.xcconfig"\nPRODUCT_BUNDLE_IDENTIFIER = $(BASE_ID)\n',
    'Config/Ext.xcconfig':
      '#include "Base"\nPRODUCT_BUNDLE_IDENTIFIER = $(BASE_ID).$(TARGET_NAME:lower)\nPRODUCT_NAME = $(PRODUCT_BUNDLE_IDENTIFIER)\nPRODUCT_MODULE_NAME = $(TARGET_NAME:c99extidentifier)\n',
  };
});

/** One file of entitlements, whose value changes with the configuration; a project-level default below it. */
const suffixed = spoilt((s) => {
  const both = { [networkExtension]: ['app-proxy-provider$(NE_SUFFIX:default=)'] };
  s.app = { ...s.app, ...both };
  s.sysex = { ...s.sysex, ...both };
  delete s.settings['CODE_SIGN_IDENTITY'];
  const configurations = {
    Debug: { NE_SUFFIX: '', CODE_SIGN_IDENTITY: 'Apple Development', CODE_SIGN_STYLE: 'Automatic' },
    Release: { NE_SUFFIX: '-systemextension', CODE_SIGN_IDENTITY: 'Developer ID Application' },
  };
  s.appTarget = { configurations };
  s.sysexTarget = { configurations };
});

const bySetting = spoilt((s) => {
  s.app = without(s.app, sandbox);
  s.sysex = without(s.sysex, sandbox);
  Object.assign(s.appSettings, { ENABLE_APP_SANDBOX: 'YES', ENABLE_OUTGOING_NETWORK_CONNECTIONS: 'YES' });
  Object.assign(s.sysexSettings, {
    ENABLE_APP_SANDBOX: 'YES',
    ENABLE_OUTGOING_NETWORK_CONNECTIONS: 'YES',
    GENERATE_INFOPLIST_FILE: 'YES',
    INFOPLIST_KEY_NSSystemExtensionUsageDescription: 'Shows traffic.',
  });
  s.info = without(s.info, 'NSSystemExtensionUsageDescription', 'CFBundlePackageType', 'CFBundleIdentifier');
  s.sources['Ext/Out.swift'] = 'import Network\nlet out = NWConnection(host: h, port: 1, using: .tcp)\n';
});

/** Folders that Xcode keeps in step; one Info.plist left out of the build. */
const synchronised: Files = (() => {
  const s = sound();
  const files = filesOfSound(s);
  const target = { folders: ['Ext'], exceptions: ['Info.plist'], sources: [] };
  s.sysexTarget = target;
  s.appTarget = { folders: ['App'], sources: [] };
  return { ...files, ...filesOfSound(s) };
})();

const literalGroup = `${team}.com.example.made`;
const made: Record<string, string> = {
  Makefile:
    'app:\n\tclang -o App App/*.m\n\tcodesign --sign "$(IDENTITY)" --entitlements App/App.entitlements App.app\n\tcodesign --entitlements Ext/Ext.entitlements Ext.systemextension\n',
  'App/App.entitlements': plist({
    [networkExtension]: ['app-proxy-provider-systemextension'],
    [install]: true,
    [sandbox]: true,
    [groups]: [literalGroup],
  }),
  'App/Info.plist': plist({ CFBundlePackageType: 'APPL', CFBundleIdentifier: 'com.example.made' }),
  'App/Client.swift': client,
  'Ext/Ext.entitlements': plist({
    [networkExtension]: ['app-proxy-provider-systemextension'],
    [sandbox]: true,
    [groups]: [literalGroup],
  }),
  'Ext/Info.plist': plist({
    CFBundlePackageType: 'SYSX',
    CFBundleIdentifier: 'com.example.made.extension',
    NSSystemExtensionUsageDescription: 'Shows traffic.',
    NetworkExtension: {
      NEMachServiceName: `${literalGroup}.xpc.v2`,
      NEProviderClasses: { 'com.apple.networkextension.app-proxy': 'Extension.Provider' },
    },
  }),
  'Ext/main.swift': main,
  'Ext/Listener.swift': listener,
  'Ext/Provider.swift': provider,
};

const package_: Files = {
  ...Object.fromEntries(
    Object.entries(made).map(([f, t]) => [
      f.replace(/^(App|Ext)\/(?!.*swift)/, 'Bundles/$1/').replace(/^(App|Ext)\//, 'Sources/$1/'),
      t,
    ]),
  ),
  'Package.swift':
    'let package = Package(name: "Made", targets: [.executableTarget(name: "App"), .executableTarget(name: "Ext")])\n',
};

/** No Network Extension: an app with a daemon, an agent that listens, an anonymous listener, odd keys of its own. */
const ordinaryMac: Files = {
  'Mac.entitlements': plist({ [sandbox]: true, 'com.apple.security.network.client': true }),
  'Mac/Agent.swift': 'let l = NSXPCListener(machServiceName: "com.example.agent")\nl.delegate = d\n',
  'Mac/Accept.swift':
    'class D: NSObject, NSXPCListenerDelegate { func listener(_ l: NSXPCListener, shouldAcceptNewConnection c: NSXPCConnection) -> Bool { return true } }\n',
  'Mac.xcodeproj/project.pbxproj': xcodeproj({
    settings: { SDKROOT: 'macosx', CODE_SIGN_ENTITLEMENTS: 'Mac.entitlements' },
    targets: [
      {
        name: 'Mac',
        type: 'application',
        sources: ['Mac/Agent.swift', 'Mac/Accept.swift'],
        settings: { PRODUCT_BUNDLE_IDENTIFIER: 'com.example.mac' },
      },
    ],
  }),
};

const ordinaryPhone: Files = {
  'Phone/Phone.entitlements': plist({
    [groups]: ['group.com.example.phone'],
    'aps-environment': 'development',
    'com.apple.developer.associated-domains': ['applinks:example.com'],
  }),
  'Phone/Info.plist': plist({ CFBundleIdentifier: '$(PRODUCT_BUNDLE_IDENTIFIER)', LSRequiresIPhoneOS: true }),
  'Phone/App.swift': '@main struct PhoneApp: App {}\n',
  'Phone.xcodeproj/project.pbxproj': xcodeproj({
    settings: { SDKROOT: 'iphoneos' },
    targets: [
      {
        name: 'Phone',
        type: 'application',
        sources: ['Phone/App.swift'],
        plugIns: ['Widget'],
        settings: {
          CODE_SIGN_ENTITLEMENTS: 'Phone/Phone.entitlements',
          INFOPLIST_FILE: 'Phone/Info.plist',
          PRODUCT_BUNDLE_IDENTIFIER: 'com.example.phone',
        },
      },
      { name: 'Widget', type: 'app-extension', settings: { PRODUCT_BUNDLE_IDENTIFIER: 'com.example.phone.widget' } },
    ],
  }),
};

/** A packet tunnel as an app extension, for the store, on iOS and macOS from one project. */
const storeTunnel: Files = {
  'App/App.entitlements': plist({
    [networkExtension]: ['packet-tunnel-provider'],
    [groups]: ['group.com.example.vpn'],
  }),
  'App/Manager.swift':
    'import NetworkExtension\nfunc make(_ p: NETunnelProviderProtocol) {\n    p.providerBundleIdentifier = "com.example.vpn.tunnel"\n}\n',
  'Tunnel/Tunnel.entitlements': plist({
    [networkExtension]: ['packet-tunnel-provider'],
    [groups]: ['group.com.example.vpn'],
  }),
  'Tunnel/Info.plist': plist({
    NSExtension: {
      NSExtensionPointIdentifier: 'com.apple.networkextension.packet-tunnel',
      NSExtensionPrincipalClass: '$(PRODUCT_MODULE_NAME).Provider',
    },
  }),
  'Tunnel/Provider.swift': provider.replace('NETransparentProxyProvider', 'NEPacketTunnelProvider'),
  'VPN.xcodeproj/project.pbxproj': xcodeproj({
    settings: { SDKROOT: 'auto', SUPPORTED_PLATFORMS: 'iphoneos iphonesimulator macosx', CODE_SIGN_STYLE: 'Automatic' },
    targets: [
      {
        name: 'App',
        type: 'application',
        sources: ['App/Manager.swift'],
        plugIns: ['Tunnel'],
        settings: { CODE_SIGN_ENTITLEMENTS: 'App/App.entitlements', PRODUCT_BUNDLE_IDENTIFIER: 'com.example.vpn' },
      },
      {
        name: 'Tunnel',
        type: 'app-extension',
        sources: ['Tunnel/Provider.swift'],
        settings: {
          CODE_SIGN_ENTITLEMENTS: 'Tunnel/Tunnel.entitlements',
          INFOPLIST_FILE: 'Tunnel/Info.plist',
          PRODUCT_BUNDLE_IDENTIFIER: 'com.example.vpn.tunnel',
        },
      },
    ],
  }),
};

/** Signing settings that are kept out of the repository. */
const secretSettings = spoilt((s) => {
  s.appSettings = {};
  s.sysexSettings = {};
  s.settings = { SDKROOT: 'macosx' };
  s.appTarget = { xcconfig: { Debug: 'Secret.xcconfig', Release: 'Secret.xcconfig' } };
  s.sysexTarget = { xcconfig: { Debug: 'Secret.xcconfig', Release: 'Secret.xcconfig' } };
});

/** A file that no target names, and an id that is read from Info.plist by a key of the same name as a constant. */
const spare = spoilt((s) => {
  s.extra['Ext/Alpha.entitlements'] = plist({ [groups]: ['$(GROUP_PREFIX).com.example.app'] });
  s.sources['App/Ids.swift'] =
    'enum Keys { static let extensionID = "EXTENSION_ID" }\nextension Bundle { var extensionID: String { value(Keys.extensionID) } }\n';
  s.sources['App/Manager.swift'] =
    'import NetworkExtension\nfunc make(p: NETunnelProviderProtocol) {\n    p.providerBundleIdentifier = Bundle.main.extensionID\n}\n';
});

const endpointSecurity: Files = spoilt((s) => {
  s.sysex = { 'com.apple.developer.endpoint-security.client': true, [groups]: [group] };
  s.app = { [install]: true, [groups]: [group] };
  s.network = {};
  s.info = { ...s.info, NSEndpointSecurityMachServiceName: `${group}.es` };
  s.sources = { 'Ext/main.swift': 'import EndpointSecurity\ndispatchMain()\n', 'App/Client.swift': client };
});

const shapes: readonly Shape[] = [
  ['the sample filter: shared source, development signing', sampleFilter, ['SRC003', 'SRC011']],
  ['a filter without sandbox whose name is the group', nameIsGroup, ['X004']],
  ['XcodeGen with variables, inline plists and a helper daemon', xcodegen],
  ['xcconfig only, with a cycle and a missing include', xcconfigs],
  ['Developer ID with a suffix per configuration', suffixed],
  ['sandbox and usage description by build setting', bySetting],
  ['folders that Xcode keeps in step', synchronised],
  ['a Makefile and no project', made],
  ['a Swift package and no project', package_],
  ['an ordinary Mac app', ordinaryMac],
  ['an ordinary iOS app', ordinaryPhone],
  ['a tunnel for the store on two platforms', storeTunnel],
  ['signing settings that are not in the repository', secretSettings],
  ['an Endpoint Security extension', endpointSecurity],
  ['a file that no target names, an id that Info.plist holds', spare],
];

describe('sound projects', () => {
  for (const [name, files, allowed = []] of shapes)
    it(name, () => {
      const serious = lintFiles(files, { now: new Date('2026-06-01') }).filter(
        (f) => f.severity === 'error' || f.severity === 'warning',
      );
      assert.deepEqual(
        serious.filter((f) => !allowed.includes(f.rule)).map((f) => `${f.severity} ${f.rule} ${f.file}: ${f.message}`),
        [],
      );
      assert.deepEqual([...new Set(serious.map((f) => f.rule))].sort(), [...allowed].sort(), 'what is true is said');
    });
});
