// What a project is: its targets, and for each target and configuration what is signed and built from what.
import type { Location, Platform, ProductType } from '../entitlements/project.ts';
import type { PlistDocument, PlistValue } from '../plist/value.ts';
import type { BuildSettings, Resolved } from './settings.ts';

/** A plist of the project: a file of its own, or a part of a project description (XcodeGen's `properties`). */
export interface PlistPart {
  /** The file whose text the ranges count in. */
  readonly file: string;
  readonly text: string;
  readonly root: PlistValue | undefined;
  /** Absent for a part of a project description. */
  readonly document?: PlistDocument;
}

export type PlistState =
  /** No setting names one. */
  | 'unset'
  /** The setting holds a variable that is not known. */
  | 'unresolved'
  /** Named, and not among the files. */
  | 'absent'
  /** Named, and out of what is read: generated, ignored, outside the root. */
  | 'unseen'
  | 'present';

export interface PlistUse {
  readonly state: PlistState;
  /** The file's path, where the name is known. */
  readonly path?: string;
  /** Where the setting stands. */
  readonly place?: Location;
  readonly part?: PlistPart;
}

export interface Configuration {
  readonly name: string;
  readonly kind: 'debug' | 'release' | undefined;
  readonly platform: Platform | undefined;
  readonly settings: BuildSettings;
  readonly entitlements: PlistUse;
  readonly info: PlistUse;
}

export interface Embedding {
  /** Ids of the target whose product is copied. */
  readonly target: string;
  readonly place: Location;
  /** Where it lands in the bundle. */
  readonly destination: 'system-extensions' | 'plug-ins' | 'login-items' | 'other';
}

export interface Target {
  /** Unique in the model. */
  readonly id: string;
  readonly name: string;
  readonly productType: ProductType | undefined;
  /** Of all its configurations. */
  readonly platform: Platform | undefined;
  /** What describes it; 'inferred' from a folder's content. */
  readonly origin: 'xcode' | 'xcodegen' | 'inferred';
  /** The project it stands in: targets of one project can embed one another. */
  readonly project: string;
  /** Its name in the project description; for an inferred one its Info.plist or entitlements. */
  readonly place: Location;
  readonly configurations: readonly Configuration[];
  readonly sources: readonly string[];
  /** False where some source may be missing from `sources` (generated, outside the root). */
  readonly sourcesComplete: boolean;
  readonly embeds: readonly Embedding[];
  /** Targets it is built after. */
  readonly dependencies: readonly string[];
  /** Texts of its shell script phases. */
  readonly scripts: readonly string[];
}

export interface ProjectProblem {
  readonly file: string;
  readonly range: { readonly start: number; readonly end: number };
  readonly message: string;
}

/** A string of a plist with its variables replaced. */
export interface PlistText extends Resolved {
  readonly raw: string;
  readonly location: Location;
}

export const locationOf = (part: PlistPart, value: { readonly range: Location['range'] }): Location => ({
  file: part.file,
  range: value.range,
});
