// DriverKit.
import type { CatalogueKey } from './schema.ts';

// One row a key.
// prettier-ignore
export const driverkitKeys: readonly CatalogueKey[] = [
  { key: 'com.apple.developer.driverkit', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'Marks a DriverKit driver; without it the system does not load it as one.' },
  { key: 'com.apple.developer.driverkit.allow-any-userclient-access', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'Lets any app open user clients of this driver, not only those that name it.' },
  { key: 'com.apple.developer.driverkit.allow-third-party-userclients', shape: 'boolean', access: 'restricted', os: 'iPadOS', about: 'Lets apps of other teams on iPad open user clients of this driver.' },
  { key: 'com.apple.developer.driverkit.communicates-with-drivers', shape: 'boolean', access: 'restricted', os: 'iPadOS', about: 'Lets an iPad app open user clients of DriverKit drivers.' },
  { key: 'com.apple.developer.driverkit.family.audio', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers audio devices through AudioDriverKit.' },
  { key: 'com.apple.developer.driverkit.family.block-storage-device', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers block storage devices.' },
  { key: 'com.apple.developer.driverkit.family.hid.device', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers human-interface devices.' },
  { key: 'com.apple.developer.driverkit.family.hid.eventservice', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver delivers human-interface events, such as those of a keyboard or pointer.' },
  { key: 'com.apple.developer.driverkit.family.hid.virtual.device', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver creates virtual human-interface devices.' },
  { key: 'com.apple.developer.driverkit.family.midi', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers MIDI devices.' },
  { key: 'com.apple.developer.driverkit.family.networking', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers network interfaces.' },
  { key: 'com.apple.developer.driverkit.family.scsicontroller', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver controls a SCSI host adapter.' },
  { key: 'com.apple.developer.driverkit.family.serial', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver offers serial ports.' },
  { key: 'com.apple.developer.driverkit.transport.hid', shape: 'boolean', access: 'restricted', os: 'macOS, DriverKit', about: 'The driver talks to its device over the HID transport.' },
  { key: 'com.apple.developer.driverkit.transport.pci', shape: 'dict[]', access: 'restricted', os: 'macOS, DriverKit', about: 'PCI devices the driver may match, each a dictionary of match criteria.' },
  { key: 'com.apple.developer.driverkit.transport.usb', shape: 'dict[]', access: 'restricted', os: 'macOS, DriverKit', about: 'USB devices the driver may match, each a dictionary such as idVendor and idProduct.' },
  { key: 'com.apple.developer.driverkit.userclient-access', shape: 'string[]', access: 'restricted', os: 'macOS, DriverKit', about: 'Bundle ids of the drivers whose user clients the app may open.' },
];
