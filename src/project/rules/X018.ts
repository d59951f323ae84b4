import type { Fix } from '../../entitlements/finding.ts';
import { emptyPlist } from '../../plist/xmlEdit.ts';
import type { Configuration, Target } from '../model.ts';
import type { ProjectContext } from './context.ts';
import { groupsKey, installKey, networkExtensionKey, sandboxKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X018: ProjectRule = {
  id: 'X018',
  severity: 'warning',
  title: 'Entitlements are missing, or differ between configurations',
  doc: {
    what: 'A container app, system extension or provider extension has no CODE_SIGN_ENTITLEMENTS; or a target names a file that does not exist; or Debug and Release claim different roles.',
    why: 'A target without entitlements signs without the rights it needs. A key that only one configuration has is a failure that shows after release.',
    evidence:
      'Public projects; ordinary differences (get-task-allow, the -systemextension suffix, exceptions) are not reported.',
    fix: 'Name the file in each configuration; create it where it is absent.',
    bad: 'CODE_SIGN_ENTITLEMENTS = Missing.entitlements',
    good: 'CODE_SIGN_ENTITLEMENTS = App.entitlements, which exists',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of c.relatedTargets) {
      if (target.origin === 'inferred') continue;
      yield* absent(c, target);
      if (isPart(c, target)) {
        yield* unset(c, target);
        yield* differing(c, target);
      }
    }
  },
};

const isPart = (c: ProjectContext, target: Target): boolean =>
  c.sysexes.includes(target) || c.pairs.some((p) => p.app === target) || c.isProviderAppex(target);

const scripted = (c: ProjectContext): boolean =>
  c.mentionedInScripts(/--entitlements|CODE_SIGN_ENTITLEMENTS|\.entitlements/);

const signs = (configuration: Configuration): boolean =>
  configuration.settings.flag('CODE_SIGNING_ALLOWED') !== false &&
  configuration.settings.value('CODE_SIGN_IDENTITY') !== '-';

function* absent(c: ProjectContext, target: Target): Generator<ProjectReport> {
  if (!['application', 'app-extension', 'system-extension'].includes(target.productType ?? '')) return;
  // A configuration file that is kept out of the repository: the entitlements may be kept out with it.
  if (target.configurations.some((k) => !k.settings.known)) return;
  for (const { entitlements: use } of target.configurations) {
    if (use.state !== 'absent' || !use.place || scripted(c)) continue;
    yield {
      ...use.place,
      message: `${target.name}: the entitlements file ${use.path} does not exist.`,
      fixes: create(c, target, use.path),
    };
  }
}

/** With what the other side of the pair says that this one needs; nothing where there is none. */
function create(c: ProjectContext, target: Target, file: string | undefined): readonly Fix[] {
  const partners = c.configurationPairs
    .filter((p) => p.app === target || p.sysex === target)
    .map((p) => (p.app === target ? p.sysexConfiguration : p.appConfiguration));
  const [partner] = partners.filter((k) => c.knows(k.entitlements));
  if (file === undefined || !partner) return [];
  const raw = (texts: readonly { readonly raw: string }[]): readonly string[] => texts.map((t) => t.raw);
  const [values, shared] = [raw(c.providerValues(partner)), raw(c.groups(partner))];
  const claims = {
    ...(values.length > 0 ? { [networkExtensionKey]: values } : {}),
    ...(c.sysexes.includes(target) ? {} : { [installKey]: true }),
    [sandboxKey]: true,
    ...(shared.length > 0 ? { [groupsKey]: shared } : {}),
  };
  const text = emptyPlist({ eol: '\n', unit: '\t' }, claims);
  return [{ title: `Create ${file}`, edits: [], creates: [{ file, text }], preferred: true }];
}

function* unset(c: ProjectContext, target: Target): Generator<ProjectReport> {
  for (const configuration of target.configurations) {
    if (configuration.entitlements.state !== 'unset' || !signs(configuration) || scripted(c)) continue;
    if (/--entitlements/.test(configuration.settings.get('OTHER_CODE_SIGN_FLAGS')?.text ?? '')) continue;
    yield {
      ...target.place,
      message: `${target.name} has no CODE_SIGN_ENTITLEMENTS in ${configuration.name}: it signs without the rights it needs.`,
    };
  }
}

const roles: readonly string[] = [networkExtensionKey, groupsKey, installKey];

function* differing(c: ProjectContext, target: Target): Generator<ProjectReport> {
  const [debug, release] = ['debug', 'release'].map((kind) =>
    target.configurations.find(
      (k) => k.kind === kind && k.entitlements.path !== undefined && c.knows(k.entitlements) && signs(k),
    ),
  );
  if (!debug || !release || debug.entitlements.path === release.entitlements.path) return;
  for (const key of roles)
    for (const [has, lacks] of [
      [debug, release],
      [release, debug],
    ] as const) {
      const e = c.entitlement(has, key);
      if (!e || c.entitlement(lacks, key) || !has.entitlements.part) continue;
      yield {
        file: has.entitlements.part.file,
        range: e.keyRange,
        message: `${target.name} claims ${key} in ${has.name} and not in ${lacks.name}.`,
      };
    }
}
