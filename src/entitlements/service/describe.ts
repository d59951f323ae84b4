// What hovers and completions say of a key, in Markdown.
import { findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { Access, CatalogueKey, InfoPlistKey, ValueShape } from '../catalogue/schema.ts';
import { infoPageOf, pageOf } from '../catalogue/schema.ts';

const accessText: Readonly<Record<Access, string>> = {
  unrestricted: 'Unrestricted: any signature may claim it.',
  restricted: 'Restricted: a provisioning profile must list it.',
  conditional: 'Restricted or not, depending on the value.',
  profile: 'Comes from the provisioning profile; not written by hand.',
  internal: 'For Apple only.',
  unknown: 'Whether a profile must list it is not established.',
};
const shapeText: Readonly<Record<ValueShape, string>> = {
  boolean: 'Boolean',
  string: 'String',
  integer: 'Integer',
  'string[]': 'Array of strings',
  dict: 'Dictionary',
  'dict[]': 'Array of dictionaries',
  any: 'Any type',
};

const shapeLine = (row: { readonly shape: CatalogueKey['shape'] }): string =>
  shapesOf(row)
    .map((shape) => shapeText[shape])
    .join(' or ');
const osLine = (os: string): string => (os === '' ? 'all platforms' : os.replace(/ ([\d.]+)/g, ' $1+'));
const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

export function describeKey(row: CatalogueKey): string {
  const page = pageOf(row);
  return [
    row.about,
    row.deprecated === undefined
      ? ''
      : `**Deprecated.** ${row.deprecated}${row.replacedBy === undefined ? '' : ` Use \`${row.replacedBy}\`.`}`,
    `${shapeLine(row)} · ${osLine(row.os)}\\\n${accessText[row.access]}`,
    row.values ? `Values: ${code(row.values)}` : row.known ? `Known values: ${code(row.known)}` : '',
    row.form === undefined ? '' : `Form: \`${row.form}\``,
    row.needs ? `Needs beside it: ${code(row.needs)}` : '',
    row.infoPlist ? `Belongs to it in Info.plist: ${code(row.infoPlist)}` : '',
    row.sandbox ? 'Means something in the App Sandbox only.' : '',
    row.note ?? '',
    page === undefined ? '' : `[Documentation](${page})`,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

export function describeInfoKey(row: InfoPlistKey): string {
  const page = infoPageOf(row);
  return [
    row.about,
    row.deprecated === undefined ? '' : `**Deprecated.** ${row.deprecated}`,
    `${shapeLine(row)} · ${osLine(row.os)}`,
    row.values ? `Values: ${code(row.values)}` : row.known ? `Known values: ${code(row.known)}` : '',
    row.form === undefined ? '' : `Form: \`${row.form}\``,
    page === undefined ? '' : `[Documentation](${page})`,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

/** One line on a value of the Network Extension key. */
export function describeProviderValue(value: string): string | undefined {
  const plain = value.replace(/(-systemextension|\$[({].*)$/, '');
  const about: Readonly<Record<string, string>> = {
    'app-proxy-provider': 'App proxy, and transparent proxy (NETransparentProxyProvider).',
    'content-filter-provider': 'Content filter: judges flows or packets.',
    'packet-tunnel-provider': 'Packet tunnel: a VPN at the IP layer.',
    'dns-proxy': 'DNS proxy: answers or forwards every DNS query.',
    'dns-settings': 'Sets DNS over TLS or HTTPS for the whole system.',
    'app-push-provider': 'Keeps a connection to a local push server.',
    relay: 'Relays traffic through MASQUE proxies.',
    'url-filter-provider': 'Filters URLs without seeing them in the clear.',
    'hotspot-provider': 'Takes part in joining Wi-Fi hotspots.',
  };
  const text = about[plain];
  if (text === undefined || !findKey('com.apple.developer.networking.networkextension')?.values?.includes(plain))
    return undefined;
  const suffix = value.endsWith('-systemextension')
    ? ' Packaged as a system extension and signed with Developer ID.'
    : '';
  return text + suffix;
}
