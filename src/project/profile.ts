// Provisioning profiles that lie in the project.
import type { PlistValue } from '../plist/value.ts';
import type { FileCache } from './cache.ts';
import { extension } from './files.ts';

export interface ProfileUse {
  readonly file: string;
  readonly name: string | undefined;
  readonly uuid: string | undefined;
  readonly entitlements: PlistValue | undefined;
  readonly teams: readonly string[];
  readonly expires: Date | undefined;
  /** An Ad Hoc or development profile lists devices; a Developer ID profile allows all. */
  readonly allDevices: boolean;
  readonly developmentCertificates: boolean;
}

export function readProfiles(cache: FileCache): readonly ProfileUse[] {
  return [...cache.paths]
    .filter((path) => ['mobileprovision', 'provisionprofile'].includes(extension(path)))
    .map((path) => cache.profile(path))
    .filter((profile) => profile !== undefined);
}
