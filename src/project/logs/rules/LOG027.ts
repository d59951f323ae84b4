import { findKey, findNearMiss } from '../../../entitlements/catalogue/catalogue.ts';
import type { LogRule } from '../rule.ts';

const line = /Entitlement ([A-Za-z0-9_.$(){}:-]+) not found and could not be included in profile/;

export const LOG027: LogRule = {
  id: 'LOG027',
  severity: 'error',
  title: 'Xcode finds no such entitlement',
  doc: {
    what: 'Xcode says that an entitlement could not be included in the profile, and that it likely is not valid.',
    why: 'The message is the same for a key that does not exist and for one that Apple has not granted to the team. The catalogue tells them apart.',
    evidence: 'Seven public reports.',
    fix: 'Unknown key: remove it (ENT008, ENT009). Known key: request it from Apple, or add the capability to the App ID.',
    bad: 'Entitlement com.apple.developer.foundation-models not found and could not be included in profile. This likely is not a valid entitlement and should be removed from your entitlements file.',
    good: 'no such line',
  },
  match(text) {
    const key = line.exec(text)?.[1];
    if (key === undefined) return undefined;
    const near = findNearMiss(key);
    if (near)
      return {
        meaning: `${key} does not exist. ${near.advice}`,
        next: ['Correct the entitlements file (ENT009).'],
        causes: ['ENT009', 'ENT008'],
        subject: key,
      };
    if (!findKey(key))
      return {
        meaning: `${key} is in no list of entitlements: most probably it does not exist.`,
        next: ['Remove it, or correct its spelling (ENT008).'],
        causes: ['ENT008', 'ENT033'],
        subject: key,
      };
    return {
      meaning: `${key} exists. The App ID of this team does not have it.`,
      next: [
        'Add the capability to the App ID and make the profile anew.',
        'If it is a managed capability, request it from Apple first.',
      ],
      causes: ['X013'],
      subject: key,
    };
  },
};
