// Provisioning profiles (.mobileprovision, .provisionprofile): a property list within a CMS signed message
// (RFC 5652). The signature is not verified: what counts here is what the profile says.
import * as asn1 from 'asn1js';
import { parsePlist } from './plist.ts';
import type { PlistDict, PlistDocument, PlistValue } from './value.ts';
import { lookup, stringsOf } from './value.ts';
import type { SigningCertificate } from './certificate.ts';
import { readCertificate } from './certificate.ts';

export interface ProvisioningProfile {
  readonly name: string;
  readonly uuid: string;
  readonly teamIds: readonly string[];
  readonly teamName: string;
  readonly appIdName: string;
  /** Prefixes of application identifiers; mostly the Team ID. */
  readonly prefixes: readonly string[];
  /** As written: OSX, iOS, xrOS, ... */
  readonly platforms: readonly string[];
  /** ISO 8601; '' where absent. */
  readonly created: string;
  readonly expires: string;
  readonly kind: 'development' | 'ad-hoc' | 'app-store' | 'developer-id' | 'enterprise';
  /** Device identifiers; undefined where the profile is for all. */
  readonly devices: readonly string[] | undefined;
  readonly certificates: readonly SigningCertificate[];
  /** Keys the profile grants; absent where it says nothing of them. */
  readonly entitlements: PlistDict | undefined;
  /** The property list within; ranges count in its text. */
  readonly document: PlistDocument;
}

export type ProfileResult =
  | { readonly profile: ProvisioningProfile }
  /** Why it is none, as a sentence. */
  | { readonly problem: string };

/** 1.2.840.113549.1.7.2, RFC 5652 section 5.1. */
const signedDataOid = '1.2.840.113549.1.7.2';
const maxSize = 16 << 20;

export function parseProfile(bytes: Uint8Array): ProfileResult {
  if (bytes.length > maxSize) return { problem: 'The file is too large for a provisioning profile.' };
  const content = contentOf(bytes);
  if (typeof content === 'string') return { problem: content };
  const document = parsePlist(content);
  const root = document.root;
  if (root?.kind !== 'dict') return { problem: 'The signed content is not a property list with a dictionary.' };
  return { profile: { ...describe(root), document } };
}

/** The signed content; BER with indefinite lengths and chunks included. */
function contentOf(bytes: Uint8Array): Uint8Array | string {
  let parsed: ReturnType<typeof asn1.fromBER>;
  try {
    parsed = asn1.fromBER(bytes);
  } catch (error) {
    return `Not a signed message (CMS): ${error instanceof Error ? error.message : 'unreadable'}.`;
  }
  if (parsed.offset < 0) return 'Not a signed message (CMS): it is no ASN.1.';
  // ContentInfo ::= SEQUENCE { contentType, [0] EXPLICIT SignedData }
  const [type, wrapped] = childrenOf(parsed.result);
  if (!(type instanceof asn1.ObjectIdentifier) || type.getValue() !== signedDataOid || !wrapped)
    return 'Not a signed message (CMS): another kind of ASN.1.';
  // SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, ... }
  const encapsulated = childrenOf(childrenOf(wrapped)[0])[2];
  // EncapsulatedContentInfo ::= SEQUENCE { eContentType, [0] EXPLICIT OCTET STRING }
  const content = childrenOf(childrenOf(encapsulated)[1])[0];
  if (!(content instanceof asn1.OctetString)) return 'The signed message has no content.';
  return new Uint8Array(content.getValue());
}

function childrenOf(block: unknown): readonly unknown[] {
  if (!(block instanceof asn1.Constructed)) return [];
  return block.valueBlock.value;
}

function describe(root: PlistDict): Omit<ProvisioningProfile, 'document'> {
  const text = (key: string): string => {
    const value = lookup(root, key);
    return value?.kind === 'string' || value?.kind === 'date' ? value.value : '';
  };
  const list = (key: string): string[] => stringsOf(lookup(root, key)).map((item) => item.value);
  const isTrue = (value: PlistValue | undefined): boolean => value?.kind === 'boolean' && value.value;
  const entitlements = lookup(root, 'Entitlements');
  const devices = lookup(root, 'ProvisionedDevices') ? list('ProvisionedDevices') : undefined;
  const certificates = lookup(root, 'DeveloperCertificates');
  const debuggable =
    isTrue(lookup(entitlements, 'get-task-allow')) || isTrue(lookup(entitlements, 'com.apple.security.get-task-allow'));
  const platforms = list('Platform');
  const everywhere = isTrue(lookup(root, 'ProvisionsAllDevices'));
  return {
    name: text('Name'),
    uuid: text('UUID'),
    teamIds: list('TeamIdentifier'),
    teamName: text('TeamName'),
    appIdName: text('AppIDName'),
    prefixes: list('ApplicationIdentifierPrefix'),
    platforms,
    created: text('CreationDate'),
    expires: text('ExpirationDate'),
    kind: everywhere
      ? platforms.includes('OSX')
        ? 'developer-id'
        : 'enterprise'
      : devices
        ? debuggable || platforms.includes('OSX')
          ? 'development'
          : 'ad-hoc'
        : 'app-store',
    devices: everywhere ? undefined : devices,
    certificates:
      certificates?.kind === 'array'
        ? certificates.items.flatMap((item) => (item.kind === 'data' ? (readCertificate(item.value) ?? []) : []))
        : [],
    entitlements: entitlements?.kind === 'dict' ? entitlements : undefined,
  };
}
