import { applicationId, isNamed, profilesOf, profileTargets } from './profiles.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X016: ProjectRule = {
  id: 'X016',
  severity: 'error',
  title: 'The profile does not fit: expired, other team, other bundle id, other certificate',
  doc: {
    what: 'The profile that a target for macOS names is expired, of another team, for another bundle id, or not for the certificate that CODE_SIGN_IDENTITY names. Which devices there are is not known here: a device that is missing in the profile is not reported.',
    why: 'Signing fails, or the system refuses the code at start ("no eligible provisioning profiles found").',
    evidence: 'Developer forums, thread 805996; public reports; rules_apple.',
    fix: 'Download the current profile of this App ID.',
    bad: 'ExpirationDate in the past',
    good: 'a profile of the same team and bundle id that is still valid',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of profileTargets(c))
      for (const configuration of target.configurations)
        for (const profile of profilesOf(c, configuration)) {
          const place = configuration.entitlements.place ?? target.place;
          const team = configuration.settings.value('DEVELOPMENT_TEAM');
          const id = c.bundleId(configuration);
          const allowed = applicationId(profile);
          const name = profile.name ?? profile.file;
          if (profile.expires && c.options.now && profile.expires < c.options.now)
            yield {
              ...place,
              message: `The profile ${name} of ${target.name} expired on ${profile.expires.toISOString().slice(0, 10)}.`,
            };
          if (team && profile.teams.length > 0 && !profile.teams.includes(team))
            yield {
              ...place,
              message: `The profile ${name} is of the team ${profile.teams.join(', ')}, ${target.name} is signed by ${team}.`,
            };
          if (id?.complete && allowed !== undefined && !fits(allowed, id.text))
            yield { ...place, message: `The profile ${name} is for ${allowed}, not for ${id.text}.` };
          const identity = configuration.settings.get('CODE_SIGN_IDENTITY');
          if (
            identity?.complete &&
            isNamed(configuration, profile) &&
            certificateMissing(identity.text, profile.certificates)
          )
            yield {
              ...(identity.from ?? place),
              message: `The profile ${name} is for ${profile.certificates.join(', ')}; ${target.name} is signed with “${identity.text}”.`,
            };
        }
  },
};

/** The names that certificates of one purpose have had, and build settings still use for each other. */
const purposes: readonly RegExp[] = [
  /^(?:Apple Development|Mac Developer|iPhone Developer)(?![^:])/,
  /^(?:Apple Distribution|iPhone Distribution|3rd Party Mac Developer Application|Mac App Distribution)(?![^:])/,
  /^Developer ID Application(?![^:])/,
];
const purposeOf = (name: string): RegExp | undefined => purposes.find((purpose) => purpose.test(name));

/** False where either is of a kind that is not known here, such as a fingerprint or a certificate of one's own. */
function certificateMissing(identity: string, certificates: readonly string[]): boolean {
  const purpose = purposeOf(identity);
  if (!purpose || certificates.length === 0 || certificates.some((name) => !purposeOf(name))) return false;
  // A whole name, with person or company, is one certificate.
  return identity.includes(':') && /\(\w{10}\)$/.test(identity)
    ? !certificates.includes(identity)
    : !certificates.some((name) => purpose.test(name));
}

const fits = (pattern: string, id: string): boolean =>
  pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;
