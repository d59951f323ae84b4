// What the rules ask a provisioning profile of the project.
import type { ProvisioningProfile } from '../plist/profile.ts';
import type { PlistValue } from '../plist/value.ts';

export interface ProfileUse {
  readonly file: string;
  readonly name: string | undefined;
  readonly uuid: string | undefined;
  readonly entitlements: PlistValue | undefined;
  readonly teams: readonly string[];
  readonly expires: Date | undefined;
  /** Common names of the certificates it is for: `Developer ID Application: Name (TEAM)`. */
  readonly certificates: readonly string[];
  readonly kind: ProvisioningProfile['kind'];
}
