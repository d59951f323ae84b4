// What the single-file services know of the project around a file. The project model implements it; without a
// project every rule that needs it stays silent.
import type { TextEdit, TextRange } from './finding.ts';

export type ProductType =
  | 'application'
  | 'app-extension'
  | 'system-extension'
  | 'driver-extension'
  | 'xpc-service'
  | 'tool'
  | 'framework'
  | 'library'
  | 'bundle'
  | 'test'
  | 'other';
export type Platform = 'macos' | 'ios' | 'tvos' | 'watchos' | 'visionos' | 'driverkit';

/** One use of the file: one target in one configuration. */
export interface TargetRole {
  readonly target: string;
  readonly productType: ProductType | undefined;
  readonly platform: Platform | undefined;
  readonly configuration: string;
  /** undefined where the settings do not tell. */
  readonly configurationKind: 'debug' | 'release' | undefined;
  /** Known only from a signing identity or an export method. */
  readonly signing: 'development' | 'developer-id' | 'app-store' | undefined;
  readonly bundleId?: string | undefined;
  readonly teamId?: string | undefined;
  /** Keys that build settings add to the signed entitlements (ENABLE_APP_SANDBOX and its family). */
  readonly supplied?: ReadonlyMap<string, boolean | string>;
}

export interface Location {
  readonly file: string;
  readonly range: TextRange;
}

/** Names that several files of a project must agree on. */
export type SymbolKind = 'app-group' | 'mach-name' | 'bundle-id' | 'provider-class';

/** Who turns a file into signed entitlements: Xcode (variables expanded), a tool that takes it as it is, or something
 *  that cannot be told from here: a script that edits it first, Xcode and a script both. */
export type ProcessedBy = 'xcode' | 'raw' | 'mixed';

export interface ProjectIndex {
  /** Every use of `file`; empty where no target is known to use it. */
  roles(file: string): readonly TargetRole[];
  processedBy(file: string): ProcessedBy | undefined;
  /** All variables of `text` replaced, one string per distinct outcome over all uses of `file`;
   *  undefined where one stays unresolved in any use. */
  resolve(file: string, text: string): readonly string[] | undefined;
  /** Names in use, as written where they are declared, each once, sorted. */
  symbols(kind: SymbolKind): readonly string[];
  /** Which names are written at this place of this file. */
  symbolAt(file: string, offset: number): { kind: SymbolKind; name: string; range: TextRange } | undefined;
  definitions(kind: SymbolKind, name: string): readonly Location[];
  references(kind: SymbolKind, name: string): readonly Location[];
  /** Every edit of the renaming, or why it cannot be done. */
  rename(kind: SymbolKind, name: string, to: string): readonly TextEdit[] | { readonly refused: string };
  /** Who listens on a Mach name and who looks it up. */
  endpoint(name: string): { readonly listeners: readonly Location[]; readonly clients: readonly Location[] };
  /** Values of NetworkExtension > NEProviderClasses of the targets that use `file`: com.apple.networkextension.… */
  providerPoints(file: string): readonly string[] | undefined;
}
