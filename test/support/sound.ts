// A sound transparent proxy with its container app, to be spoilt in one place by each test.
import type { Plain } from '../../src/plist/xmlEdit.ts';
import { plist } from './plists.ts';
import type { TestProject, TestTarget } from './xcodeproj.ts';
import { xcodeproj } from './xcodeproj.ts';

export type PlainDict = { readonly [key: string]: Plain };

export const team = 'AB12CD34EF';
export const group = '$(TeamIdentifierPrefix)com.example.app';
export const networkExtension = 'com.apple.developer.networking.networkextension';
export const install = 'com.apple.developer.system-extension.install';
export const groups = 'com.apple.security.application-groups';
export const sandbox = 'com.apple.security.app-sandbox';

export const client = `import Foundation

final class Client {
    private var connection: NSXPCConnection?

    func connect(name: String) {
        let connection = NSXPCConnection(machServiceName: name, options: [])
        connection.remoteObjectInterface = NSXPCInterface(with: Messages.self)
        connection.resume()
        self.connection = connection
    }
}
`;
export const listener = `import Foundation

@objc protocol Messages {
    func register(reply: @escaping (Bool) -> Void)
}

final class Listener: NSObject, NSXPCListenerDelegate, Messages {
    private let listener: NSXPCListener
    private var connections: Set<NSXPCConnection> = []

    init(name: String) {
        listener = NSXPCListener(machServiceName: name)
        super.init()
        listener.delegate = self
        listener.resume()
    }

    func listener(_ listener: NSXPCListener, shouldAcceptNewConnection newConnection: NSXPCConnection) -> Bool {
        newConnection.setCodeSigningRequirement(requirement)
        newConnection.exportedInterface = NSXPCInterface(with: Messages.self)
        newConnection.exportedObject = self
        newConnection.resume()
        connections.insert(newConnection)
        return true
    }

    func register(reply: @escaping (Bool) -> Void) {
        reply(true)
    }
}
`;
export const main = `import Foundation
import NetworkExtension

autoreleasepool {
    NEProvider.startSystemExtensionMode()
}
dispatchMain()
`;
export const provider = `import NetworkExtension

class Provider: NETransparentProxyProvider {
    override func handleNewFlow(_ flow: NEAppProxyFlow) -> Bool {
        guard let tcp = flow as? NEAppProxyTCPFlow else { return false }
        tcp.readData { data, error in
            self.forward(data, error)
        }
        return true
    }
}
`;

export interface Sound {
  app: PlainDict;
  sysex: PlainDict;
  info: PlainDict;
  network: PlainDict;
  appInfo: PlainDict;
  sources: Record<string, string>;
  appTarget: Partial<TestTarget>;
  sysexTarget: Partial<TestTarget>;
  /** Settings of the app, the extension, and both. */
  appSettings: Record<string, string>;
  sysexSettings: Record<string, string>;
  settings: Record<string, string>;
  others: TestTarget[];
  extra: Record<string, string | Uint8Array>;
  project: Partial<TestProject>;
}

const common: PlainDict = {
  CFBundleIdentifier: '$(PRODUCT_BUNDLE_IDENTIFIER)',
  CFBundlePackageType: '$(PRODUCT_BUNDLE_PACKAGE_TYPE)',
  CFBundleVersion: '$(CURRENT_PROJECT_VERSION)',
};

export const sound = (): Sound => ({
  app: {
    [networkExtension]: ['app-proxy-provider-systemextension'],
    [install]: true,
    [sandbox]: true,
    [groups]: [group],
  },
  sysex: { [networkExtension]: ['app-proxy-provider-systemextension'], [sandbox]: true, [groups]: [group] },
  info: { ...common, NSSystemExtensionUsageDescription: 'Shows who talks to whom.' },
  network: {
    NEMachServiceName: `${group}.xpc.$(CURRENT_PROJECT_VERSION)`,
    NEProviderClasses: { 'com.apple.networkextension.app-proxy': '$(PRODUCT_MODULE_NAME).Provider' },
  },
  appInfo: common,
  sources: {
    'App/Client.swift': client,
    'Ext/main.swift': main,
    'Ext/Listener.swift': listener,
    'Ext/Provider.swift': provider,
  },
  appTarget: {},
  sysexTarget: {},
  appSettings: { PRODUCT_BUNDLE_IDENTIFIER: 'com.example.app' },
  sysexSettings: {
    PRODUCT_BUNDLE_IDENTIFIER: 'com.example.app.extension',
    PRODUCT_NAME: '$(PRODUCT_BUNDLE_IDENTIFIER)',
    PRODUCT_MODULE_NAME: 'Extension',
  },
  settings: {
    SDKROOT: 'macosx',
    MACOSX_DEPLOYMENT_TARGET: '13.0',
    DEVELOPMENT_TEAM: team,
    CODE_SIGN_STYLE: 'Manual',
    CODE_SIGN_IDENTITY: 'Developer ID Application',
    ENABLE_HARDENED_RUNTIME: 'YES',
    CURRENT_PROJECT_VERSION: '7',
  },
  others: [],
  extra: {},
  project: {},
});

export function filesOfSound(s: Sound): Record<string, string | Uint8Array> {
  const inFolder = (folder: string): string[] =>
    Object.keys(s.sources).filter((f) => f.startsWith(folder) && /\.(swift|mm?|c)$/.test(f));
  return {
    'App/App.entitlements': plist(s.app),
    'App/Info.plist': plist(s.appInfo),
    'Ext/Ext.entitlements': plist(s.sysex),
    'Ext/Info.plist': plist(Object.keys(s.network).length === 0 ? s.info : { ...s.info, NetworkExtension: s.network }),
    ...s.sources,
    'Proxy.xcodeproj/project.pbxproj': xcodeproj({
      settings: s.settings,
      ...s.project,
      targets: [
        {
          name: 'App',
          type: 'application',
          sources: inFolder('App/'),
          embeds: ['Extension'],
          ...s.appTarget,
          settings: {
            CODE_SIGN_ENTITLEMENTS: 'App/App.entitlements',
            INFOPLIST_FILE: 'App/Info.plist',
            ...s.appSettings,
          },
        },
        {
          name: 'Extension',
          type: 'system-extension',
          sources: inFolder('Ext/'),
          ...s.sysexTarget,
          settings: {
            CODE_SIGN_ENTITLEMENTS: 'Ext/Ext.entitlements',
            INFOPLIST_FILE: 'Ext/Info.plist',
            ...s.sysexSettings,
          },
        },
        ...s.others,
      ],
    }),
    ...s.extra,
  };
}

/** The sound project with something changed. */
export function spoilt(change: (s: Sound) => void): Record<string, string | Uint8Array> {
  const s = sound();
  change(s);
  return filesOfSound(s);
}

export const without = (dict: PlainDict, ...keys: readonly string[]): PlainDict =>
  Object.fromEntries(Object.entries(dict).filter(([k]) => !keys.includes(k)));
