import { clientKey, sandboxKey, serverKey } from './keys.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X021: ProjectRule = {
  id: 'X021',
  severity: 'info',
  title: 'A build setting contradicts the entitlements',
  doc: {
    what: 'A build setting that adds an entitlement (ENABLE_APP_SANDBOX, ENABLE_OUTGOING_NETWORK_CONNECTIONS, ENABLE_INCOMING_NETWORK_CONNECTIONS) says the opposite of the file.',
    why: 'Xcode merges both when it signs; which of them wins is not what a reader of either expects.',
    evidence: 'Three public projects supply keys by settings.',
    fix: 'Say it in one place.',
    bad: 'ENABLE_APP_SANDBOX = NO; app-sandbox true',
    good: 'ENABLE_APP_SANDBOX = YES; no app-sandbox in the file',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of c.relatedTargets) {
      if (target.platform !== 'macos') continue;
      for (const configuration of target.configurations)
        for (const [setting, key] of suppliedKeys) {
          const said = configuration.settings.flag(setting);
          const e = c.entitlement(configuration, key);
          const use = configuration.entitlements;
          if (said === undefined || e?.value?.kind !== 'boolean' || e.value.value === said || !use.part) continue;
          const from = configuration.settings.get(setting)?.from;
          yield {
            file: use.part.file,
            range: e.range,
            message: `The build setting ${setting} of ${target.name} says ${said ? 'YES' : 'NO'}.`,
            ...(from ? { related: [{ file: from.file, range: from.range, message: setting }] } : {}),
          };
        }
    }
  },
};

/** Settings that stand in for a key. */
export const suppliedKeys: readonly (readonly [string, string])[] = [
  ['ENABLE_APP_SANDBOX', sandboxKey],
  ['ENABLE_OUTGOING_NETWORK_CONNECTIONS', clientKey],
  ['ENABLE_INCOMING_NETWORK_CONNECTIONS', serverKey],
];
