import type { ProjectReport, ProjectRule } from './rule.ts';
import { teamFromBundle } from './teamFromBundle.ts';

export const SRC012: ProjectRule = {
  id: 'SRC012',
  severity: 'hint',
  title: 'A Team ID typed into code',
  doc: {
    what: 'Code of a Network Extension project holds a Team ID as text.',
    why: 'Builds of another team (a fork, a company that is bought) then fail in a place that is hard to see.',
    evidence: 'LuLu keeps it in a constant.',
    fix: "Read it from Info.plist ($(DEVELOPMENT_TEAM)) or from the process's own signature.",
    bad: 'let teamID = "ABCDE12345"',
    good: 'Bundle.main.object(forInfoDictionaryKey: "TeamIdentifier")',
  },
  *check(c): Generator<ProjectReport> {
    if (c.sysexes.length === 0) return;
    const seen = new Set<string>();
    for (const target of c.relatedTargets)
      for (const { file, facts } of c.facts(target))
        for (const literal of facts.teamLiterals) {
          if (seen.has(`${file}:${literal.start}`)) continue;
          seen.add(`${file}:${literal.start}`);
          yield {
            file,
            range: literal,
            message: `The Team ID ${literal.team} is typed into code.`,
            fixes: teamFromBundle(c, file, literal),
          };
        }
  },
};
