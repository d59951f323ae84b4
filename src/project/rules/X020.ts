import { findKey } from '../../entitlements/catalogue/catalogue.ts';
import { entriesOf } from '../../plist/value.ts';
import { removeEntryFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X020: ProjectRule = {
  id: 'X020',
  severity: 'error',
  title: 'A restricted entitlement on a bare tool',
  doc: {
    what: 'A command-line tool claims a restricted key.',
    why: 'Restricted keys need a provisioning profile, and a single file has no bundle to hold one. AMFI kills it at start.',
    evidence: 'Public reports of "has restricted entitlements"; one command-line client of a public product.',
    fix: 'Package the tool as an app, or leave the key to the app.',
    bad: 'tool: com.apple.developer.networking.networkextension',
    good: 'tool: no restricted key',
  },
  *check(c): Generator<ProjectReport> {
    for (const target of c.relatedTargets) {
      if (target.productType !== 'tool' || target.platform !== 'macos') continue;
      for (const configuration of target.configurations) {
        const use = configuration.entitlements;
        // A wrapper makes it a bundle after all.
        if (
          configuration.settings.value('WRAPPER_EXTENSION') ||
          configuration.settings.value('PROVISIONING_PROFILE_SPECIFIER')
        )
          continue;
        for (const e of entriesOf(use.part?.root)) {
          if (findKey(e.key)?.access !== 'restricted' || !use.part) continue;
          yield {
            file: use.part.file,
            range: e.keyRange,
            message: `${target.name} is a bare tool: it has no bundle for the profile that ${e.key} needs.`,
            fixes: removeEntryFix(`Remove ${e.key}`, use, e),
          };
        }
      }
    }
  },
};
