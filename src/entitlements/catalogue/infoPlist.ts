// Keys of Info.plist that belong to Network Extensions, system extensions and what the sandbox asks for.
import type { InfoPlistKey } from './schema.ts';

const providers = 'NetworkExtension > NEProviderClasses > com.apple.networkextension.';

// One row a key.
// prettier-ignore
export const infoPlistKeys: readonly InfoPlistKey[] = [
  { path: 'CFBundleDisplayName', shape: 'string', os: '', about: 'The name people see.', page: 'CFBundleDisplayName' },
  { path: 'CFBundleExecutable', shape: 'string', os: '', about: "The executable's file name.", form: '$(EXECUTABLE_NAME)', page: 'CFBundleExecutable' },
  { path: 'CFBundleIdentifier', shape: 'string', os: '', about: "The bundle's id. A system extension's begins with the id of its app and a dot.", form: '$(PRODUCT_BUNDLE_IDENTIFIER)', page: 'CFBundleIdentifier' },
  { path: 'CFBundleInfoDictionaryVersion', shape: 'string', os: '', about: 'The version of the Info.plist format.', known: ['6.0'], page: 'CFBundleInfoDictionaryVersion' },
  { path: 'CFBundleName', shape: 'string', os: '', about: "The bundle's short name.", form: '$(PRODUCT_NAME)', page: 'CFBundleName' },
  { path: 'CFBundlePackageType', shape: 'string', os: '', about: 'The kind of bundle. SYSX is a system extension, APPL an app, XPC! an app extension or XPC service.', known: ['SYSX', 'APPL', 'XPC!', 'BNDL', 'FMWK', 'DEXT', '$(PRODUCT_BUNDLE_PACKAGE_TYPE)'], page: 'CFBundlePackageType' },
  { path: 'CFBundleShortVersionString', shape: 'string', os: '', about: 'The version people see.', form: '$(MARKETING_VERSION)', page: 'CFBundleShortVersionString' },
  { path: 'CFBundleVersion', shape: 'string', os: '', about: 'The build number. An installed system extension is replaced when it differs.', form: '$(CURRENT_PROJECT_VERSION)', page: 'CFBundleVersion' },
  { path: 'LSMinimumSystemVersion', shape: 'string', os: 'macOS', about: 'The oldest macOS that runs the bundle.', form: '$(MACOSX_DEPLOYMENT_TARGET)', page: 'LSMinimumSystemVersion' },
  { path: 'NetworkExtension', shape: 'dict', os: 'macOS 10.15', about: 'What makes a system extension a Network Extension: its provider classes and its Mach service.', page: 'NetworkExtension' },
  { path: 'NetworkExtension > NEMachServiceName', shape: 'string', os: 'macOS 10.15', about: 'The name of the XPC endpoint that the system extension advertises. An app group of the extension, a dot, and a name.', form: '<app group>.<name>', page: 'NetworkExtension/NEMachServiceName' },
  { path: 'NetworkExtension > NEProviderClasses', shape: 'dict', os: 'macOS 10.15', about: 'Which class serves each kind of provider.', page: 'NetworkExtension/NEProviderClasses' },
  { path: `${providers}app-proxy`, shape: 'string', os: 'macOS 10.15', about: 'The class of an app proxy or of a transparent proxy.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NetworkExtension/NEProviderClasses' },
  { path: `${providers}dns-proxy`, shape: 'string', os: 'macOS 10.15', about: 'The class of a DNS proxy.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NetworkExtension/NEProviderClasses' },
  { path: `${providers}filter-data`, shape: 'string', os: 'macOS 10.15', about: 'The class of a content filter that judges flows.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NetworkExtension/NEProviderClasses' },
  { path: `${providers}filter-packet`, shape: 'string', os: 'macOS 10.15', about: 'The class of a content filter that judges packets.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NetworkExtension/NEProviderClasses' },
  { path: `${providers}packet-tunnel`, shape: 'string', os: 'macOS 10.15', about: 'The class of a packet tunnel.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NetworkExtension/NEProviderClasses' },
  { path: 'NSAppleEventsUsageDescription', shape: 'string', os: 'macOS 10.14', about: 'Why the program sends Apple events to others; shown when it asks.', page: 'NSAppleEventsUsageDescription' },
  { path: 'NSBluetoothAlwaysUsageDescription', shape: 'string', os: 'macOS 11.0, iOS 13.0, watchOS 6.0, tvOS 13.0', about: 'Why the program uses Bluetooth; shown when it asks.', page: 'NSBluetoothAlwaysUsageDescription' },
  { path: 'NSCalendarsUsageDescription', shape: 'string', os: 'macOS 10.14, iOS 6.0', about: 'Why the program uses calendars; shown when it asks.', page: 'NSCalendarsUsageDescription' },
  { path: 'NSCameraUsageDescription', shape: 'string', os: 'macOS 10.14, iOS 7.0', about: 'Why the program uses the camera; shown when it asks.', page: 'NSCameraUsageDescription' },
  { path: 'NSContactsUsageDescription', shape: 'string', os: 'macOS 10.14, iOS 6.0', about: 'Why the program uses contacts; shown when it asks.', page: 'NSContactsUsageDescription' },
  { path: 'NSEndpointSecurityEarlyBoot', shape: 'boolean', os: 'macOS 10.15', about: 'Start the Endpoint Security extension before other programs.', page: 'NSEndpointSecurityEarlyBoot' },
  { path: 'NSEndpointSecurityMachServiceName', shape: 'string', os: 'macOS 10.15', about: 'The name of the XPC endpoint of an Endpoint Security extension.', form: '<app group>.<name>', page: 'NSEndpointSecurityMachServiceName' },
  { path: 'NSExtension', shape: 'dict', os: '', about: 'What makes a bundle an app extension. A system extension has none.', page: 'NSExtension' },
  { path: 'NSExtension > NSExtensionPointIdentifier', shape: 'string', os: '', about: 'What the app extension extends.', known: ['com.apple.networkextension.app-proxy', 'com.apple.networkextension.dns-proxy', 'com.apple.networkextension.filter-control', 'com.apple.networkextension.filter-data', 'com.apple.networkextension.packet-tunnel'], page: 'NSExtension/NSExtensionPointIdentifier' },
  { path: 'NSExtension > NSExtensionPrincipalClass', shape: 'string', os: '', about: 'The class of the app extension.', form: '$(PRODUCT_MODULE_NAME).<class>', page: 'NSExtension/NSExtensionPrincipalClass' },
  { path: 'NSLocalNetworkUsageDescription', shape: 'string', os: 'macOS 15.0, iOS 14.0', about: 'Why the program reaches the local network; shown when it asks.', page: 'NSLocalNetworkUsageDescription' },
  { path: 'NSLocationUsageDescription', shape: 'string', os: 'macOS 10.14', about: 'Why the program uses the location; shown when it asks.', page: 'NSLocationUsageDescription' },
  { path: 'NSMicrophoneUsageDescription', shape: 'string', os: 'macOS 10.14, iOS 7.0', about: 'Why the program records sound; shown when it asks.', page: 'NSMicrophoneUsageDescription' },
  { path: 'NSPhotoLibraryUsageDescription', shape: 'string', os: 'macOS 10.14, iOS 6.0', about: 'Why the program uses the photo library; shown when it asks.', page: 'NSPhotoLibraryUsageDescription' },
  { path: 'NSPrincipalClass', shape: 'string', os: '', about: "The bundle's main class.", known: ['NSApplication'], page: 'NSPrincipalClass' },
  { path: 'NSSystemExtensionUsageDescription', shape: 'string', os: 'macOS 10.15', about: 'Why the system extension is there; shown when the person is asked to allow it.', page: 'NSSystemExtensionUsageDescription' },
  { path: 'OSBundleUsageDescription', shape: 'string', os: 'macOS 10.15', about: 'Why the driver extension is there; shown when the person is asked to allow it.', page: 'OSBundleUsageDescription' },
  { path: 'SMAuthorizedClients', shape: 'string[]', os: 'macOS 10.6', about: 'Code requirements of the apps that may install the privileged helper.', deprecated: 'SMAppService took its place in macOS 13.', page: false },
  { path: 'SMPrivilegedExecutables', shape: 'dict', os: 'macOS 10.6', about: 'Privileged helpers that the app installs, with their code requirements.', deprecated: 'SMAppService took its place in macOS 13.', page: false },
  { path: 'XPCService', shape: 'dict', os: 'macOS 10.8', about: 'How the system runs an XPC service bundle. A system extension has none.', page: 'XPCService' },
  { path: 'XPCService > JoinExistingSession', shape: 'boolean', os: 'macOS 10.8', about: 'The service shares the security session of its app.', page: 'XPCService/JoinExistingSession' },
  { path: 'XPCService > RunLoopType', shape: 'string', os: 'macOS 10.8', about: "How the service's main loop runs.", values: ['dispatch_main', 'NSRunLoop'], page: 'XPCService/RunLoopType' },
  { path: 'XPCService > ServiceType', shape: 'string', os: 'macOS 10.8', about: 'Whether each app gets a service of its own.', values: ['Application', 'System', 'User'], page: 'XPCService/ServiceType' },
];
