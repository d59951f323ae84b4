import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC015: ProjectRule = {
  id: 'SRC015',
  severity: 'warning',
  title: 'Two reads of one flow at once',
  doc: {
    what: 'A second readData or readDatagrams of the same flow starts in the same block while the first is pending.',
    why: 'A flow has one read at a time: the second fails with NEAppProxyErrorDomain 10 (read already pending).',
    evidence: "The system's error code.",
    fix: 'Start the next read in the completion handler of the one before.',
    bad: 'flow.readData { … }\nflow.readData { … }',
    good: 'flow.readData { data, error in …; self.readNext(flow) }',
  },
  *check(c): Generator<ProjectReport> {
    const targets = [...c.sysexes, ...c.targets.filter((t) => c.isProviderAppex(t))];
    const seen = new Set<string>();
    for (const target of targets)
      for (const { file, facts } of c.facts(target))
        for (const read of facts.doubleReads) {
          if (seen.has(`${file}:${read.start}`)) continue;
          seen.add(`${file}:${read.start}`);
          yield {
            file,
            range: read,
            message: 'A read of this flow is pending: this one fails with error 10.',
            related: [{ file, range: read.first, message: 'Pending since here.' }],
          };
        }
  },
};
