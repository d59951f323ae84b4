import { requirementFix } from './SRC003.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC010: ProjectRule = {
  id: 'SRC010',
  severity: 'warning',
  title: 'The peer is judged by its process id',
  doc: {
    what: 'The accept handler decides by processIdentifier, or looks the code up by kSecGuestAttributePid.',
    why: 'A process id can be another process by the time it is looked at: an attacker sends, then replaces itself. The audit token and the requirement API do not have the race.',
    evidence: 'LuLu and Proton use audit tokens.',
    fix: 'Use setCodeSigningRequirement.',
    bad: 'SecCodeCopyGuestWithAttributes(nil, [kSecGuestAttributePid: c.processIdentifier] …)',
    good: 'c.setCodeSigningRequirement(requirement)',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const target of c.relatedTargets) {
      if (c.listeners(target).length === 0) continue;
      if (
        c.uses(
          target,
          'setCodeSigningRequirement',
          'setConnectionCodeSigningRequirement',
          'auditToken',
          'audit_token',
          'kSecGuestAttributeAudit',
        )
      )
        continue;
      for (const { file, handler } of c.handlers(target)) {
        if (!handler.byProcessId || seen.has(`${file}:${handler.start}`)) continue;
        seen.add(`${file}:${handler.start}`);
        yield {
          file,
          range: handler.byProcessId,
          message: 'A process id can be taken over by another process; use a code-signing requirement.',
          fixes: requirementFix(c, { target, file, handler }),
        };
      }
    }
  },
};
