// What the rules want to know of one source file.
import type { TextRange } from '../../entitlements/finding.ts';
import { peerWords } from './peerWords.ts';

/** A name as the code gives it. At most one of the two is set; neither where it is computed. */
export interface NameExpression extends TextRange {
  readonly literal?: string;
  /** The constant's own name: of `Constants.machName` it is `machName`. */
  readonly identifier?: string;
}

/** How an XPC object that the code creates is used in the file. */
export interface ObjectUse {
  /** The variable or property that holds it, without a leading underscore; undefined where it is not stored. */
  readonly owner?: string;
  /** Returned, passed on or captured: what happens to it elsewhere cannot be seen. */
  readonly escapes: boolean;
  /** By what it goes out of sight: names of functions, message parts, `return`. */
  readonly handedTo: ReadonlySet<string>;
  /** Between the statements that use the owner: what is called on it and set on it. */
  readonly calls: ReadonlySet<string>;
  readonly sets: ReadonlySet<string>;
}

export interface XpcObject extends TextRange {
  readonly role: 'listener' | 'client';
  readonly api: 'NSXPC' | 'XPC' | 'C';
  readonly name: NameExpression;
  /** The privileged bootstrap only; of a client. */
  readonly privileged?: TextRange;
  readonly use: ObjectUse;
}

/** listener:shouldAcceptNewConnection: */
export interface AcceptHandler extends TextRange {
  readonly parameter: string;
  /** Between the braces. */
  readonly body: TextRange;
  /** The first statement that accepts. */
  readonly accepts?: TextRange;
  readonly use: ObjectUse;
  /** A property that is overwritten by each new connection. */
  readonly stored?: TextRange & { readonly property: string };
  /** A decision by the peer's process id. */
  readonly byProcessId?: TextRange;
}

export interface DoubleRead extends TextRange {
  /** The one that is pending. */
  readonly first: TextRange;
  /** The whole call as a statement, and the place before the brace that ends the completion of the first, where both are
   * written in the usual form. */
  readonly moves?: { readonly statement: TextRange; readonly into: number };
}

export interface Constant extends TextRange {
  readonly name: string;
  readonly value: string;
  /** The literal. */
  readonly valueRange: TextRange;
}

export interface SourceString extends TextRange {
  readonly value: string;
}

export interface ClassDeclaration extends TextRange {
  readonly name: string;
  readonly superclass: string;
}

export interface Suppression {
  /** '*' is every rule. */
  readonly rule: string;
  /** Lines from 0; -1 is the whole file. */
  readonly line: number;
}

export interface SourceFacts {
  readonly objects: readonly XpcObject[];
  readonly accepts: readonly AcceptHandler[];
  readonly constants: readonly Constant[];
  /** Every literal that could be an identifier: it has a dot and no space. */
  readonly strings: readonly SourceString[];
  readonly classes: readonly ClassDeclaration[];
  /** `main`, `@main`. */
  readonly mains: readonly TextRange[];
  readonly providerIds: readonly NameExpression[];
  /** Words the rules ask for by presence; each with its first place. */
  readonly words: ReadonlyMap<string, TextRange>;
  /** Names that receive resume or activate anywhere in the file. */
  readonly resumed: ReadonlySet<string>;
  /** Names on which a remote interface is set. */
  readonly interfaced: ReadonlySet<string>;
  /** Requirement text or constant that names a team by its ten characters. */
  readonly teamLiterals: readonly (TextRange & { readonly team: string })[];
  /** Reads that start while another of the same object is pending. */
  readonly doubleReads: readonly DoubleRead[];
  readonly suppressions: readonly Suppression[];
}

/** Words whose presence is recorded in `words`. */
export const watchedWords: ReadonlySet<string> = new Set([
  ...peerWords,
  'startSystemExtensionMode',
  'NSExtensionMain',
  'kSecGuestAttributePid',
  'NWHostEndpoint',
  'NWConnection',
  'NWListener',
  'URLSession',
  'NSURLSession',
  'nw_connection_create',
  'nw_listener_create',
  'OSSystemExtensionRequest',
  'NETransparentProxyManager',
  'NEFilterManager',
  'NEDNSProxyManager',
  'NETunnelProviderManager',
  'NEAppProxyProviderManager',
]);
