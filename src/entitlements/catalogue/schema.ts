// What the catalogue says of one key. A new key is one row in one of the tables beside this file.
import type { Platform } from '../project.ts';

export type ValueShape = 'boolean' | 'string' | 'integer' | 'string[]' | 'dict' | 'dict[]' | 'any';

/** Who may claim a key:
 *  unrestricted: anyone, in any signature; restricted: only with a profile that lists it; conditional: depends on the
 *  value; profile: put there by the profile, not written by hand; internal: nobody but Apple; unknown: not established. */
export type Access = 'unrestricted' | 'restricted' | 'conditional' | 'profile' | 'internal' | 'unknown';

/** What is said of a key, whatever file it stands in. */
interface Described {
  /** `macOS 10.15, iOS 13.0`: where it works, and since when if known; '' is everywhere. */
  readonly os: string;
  /** One or two sentences in our own words. */
  readonly about: string;
  /** Every value there is: anything else is a mistake. */
  readonly values?: readonly string[];
  /** Values worth offering; others may exist. */
  readonly known?: readonly string[];
  /** How a value is built: `<Team ID>.<name>`. */
  readonly form?: string;
  /** Why it is no longer to be used. */
  readonly deprecated?: string;
}

export interface CatalogueKey extends Described {
  /** A trailing * stands for everything that begins so. */
  readonly key: string;
  /** The first is the one to write; others are accepted. */
  readonly shape: ValueShape | readonly ValueShape[];
  readonly access: Access;
  /** Of a deprecated one, where another key took its place. */
  readonly replacedBy?: string;
  /** Keys that must stand beside it. */
  readonly needs?: readonly string[];
  /** Info.plist keys that belong to it. */
  readonly infoPlist?: readonly string[];
  /** Means something in the App Sandbox only. */
  readonly sandbox?: true;
  /** Apple's page has this key as its name, or another, or there is none. */
  readonly page?: string | false;
  readonly note?: string;
}

export interface InfoPlistKey extends Described {
  /** Keys from the root, joined by ` > `. */
  readonly path: string;
  readonly shape: ValueShape;
  readonly page: string | false;
}

export interface NearMiss {
  readonly key: string;
  /** The key that was meant, where one fits. */
  readonly meant?: string;
  /** The value of `meant` that was meant. */
  readonly value?: string;
  /** What to do, as a sentence. */
  readonly advice: string;
}

const pageRoot = 'https://developer.apple.com/documentation/bundleresources/';

export const pageOf = (key: CatalogueKey): string | undefined =>
  key.page === false ? undefined : `${pageRoot}entitlements/${(key.page ?? key.key).toLowerCase()}`;
export const infoPageOf = (key: InfoPlistKey): string | undefined =>
  key.page === false ? undefined : `${pageRoot}information-property-list/${key.page.toLowerCase()}`;

const platformNames: Readonly<Record<string, Platform>> = {
  macOS: 'macos',
  iOS: 'ios',
  iPadOS: 'ios',
  tvOS: 'tvos',
  watchOS: 'watchos',
  visionOS: 'visionos',
  DriverKit: 'driverkit',
};

/** Platforms of an `os` text; undefined where it works everywhere. */
export function platformsOf(os: string): ReadonlySet<Platform> | undefined {
  if (os === '') return undefined;
  return new Set(os.split(', ').map((part) => platformNames[part.split(' ')[0]!]!));
}
