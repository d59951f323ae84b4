// What may stand as the value of a key: from the catalogue, from the file itself and from the project.
import type { PlistDocument } from '../../plist/value.ts';
import { lookup, stringsOf } from '../../plist/value.ts';
import { findInfoKey, findKey, shapesOf } from '../catalogue/catalogue.ts';
import type { ValueShape } from '../catalogue/schema.ts';
import type { PlistPurpose } from '../kind.ts';
import type { ProjectIndex, SymbolKind } from '../project.ts';

export interface ValueOffer {
  readonly value: string;
  readonly detail: string;
  /** It is to be continued: the cursor stays at its end. */
  readonly open?: true;
}

export interface KeyFacts {
  readonly shape: ValueShape;
  readonly values: readonly string[];
  readonly form: string | undefined;
}

export function factsOf(purpose: PlistPurpose, path: readonly string[]): KeyFacts | undefined {
  const row = purpose === 'info-plist' ? findInfoKey(path) : path.length === 1 ? findKey(path[0]!) : undefined;
  return row && { shape: shapesOf(row)[0]!, values: row.values ?? row.known ?? [], form: row.form };
}

const groups = 'com.apple.security.application-groups';
const exception = 'com.apple.security.temporary-exception.';

/** Kinds of names of the project that belong to a key. */
const symbolsFor: Readonly<Record<string, SymbolKind>> = {
  [groups]: 'app-group',
  [`${exception}mach-lookup.global-name`]: 'mach-name',
  [`${exception}mach-register.global-name`]: 'mach-name',
  [`${exception}apple-events`]: 'bundle-id',
  NEMachServiceName: 'mach-name',
  NSEndpointSecurityMachServiceName: 'mach-name',
  CFBundleIdentifier: 'bundle-id',
  NSExtensionPrincipalClass: 'provider-class',
};
const described: Readonly<Record<SymbolKind, string>> = {
  'app-group': 'app group of this project',
  'mach-name': 'Mach name of this project',
  'bundle-id': 'bundle id of this project',
  'provider-class': 'provider class of this project',
};

export function valuesFor(
  purpose: PlistPurpose,
  path: readonly string[],
  document: PlistDocument,
  project: ProjectIndex | undefined,
): readonly ValueOffer[] {
  const key = path.at(-1) ?? '';
  const facts = factsOf(purpose, path);
  const offers: ValueOffer[] = (facts?.values ?? []).map((value) => ({ value, detail: key }));
  const isClass = path.includes('NEProviderClasses') && path.length > 2;
  const kind = isClass ? 'provider-class' : symbolsFor[key];
  const names = kind ? (project?.symbols(kind) ?? []) : [];
  for (const value of names) {
    const name = kind === 'provider-class' && !value.includes('.') ? `$(PRODUCT_MODULE_NAME).${value}` : value;
    offers.push({ value: name, detail: described[kind!] });
  }
  if (kind === 'mach-name') {
    const own = stringsOf(lookup(document.root, groups)).map((item) => item.value);
    for (const group of new Set([...own, ...(project?.symbols('app-group') ?? [])]))
      if (!names.includes(`${group}.xpc`)) offers.push({ value: `${group}.xpc`, detail: `a name below ${group}` });
  }
  if (key === groups)
    offers.push(
      { value: 'group.', detail: 'iOS style: a profile must list it', open: true },
      { value: '$(TeamIdentifierPrefix)', detail: 'macOS style: begins with the Team ID', open: true },
    );
  if (key === 'keychain-access-groups')
    offers.push(
      { value: '$(AppIdentifierPrefix)$(CFBundleIdentifier)', detail: "the app's own keychain group" },
      { value: '$(AppIdentifierPrefix)', detail: 'a group of the team', open: true },
    );
  if (facts?.form?.startsWith('$(') && !facts.form.includes('<')) offers.push({ value: facts.form, detail: key });
  return offers.filter((offer, i) => offers.findIndex((o) => o.value === offer.value) === i);
}
