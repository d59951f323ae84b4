import type { Fix } from '../../entitlements/finding.ts';
import type { DoubleRead } from '../source/facts.ts';
import { fixIn, indentOf } from './fixes.ts';
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
            fixes: serialFix(file, c.model.cache.text(file) ?? '', read),
          };
        }
  },
};

/** The second read goes to the end of the first one's completion. */
function serialFix(file: string, text: string, { moves }: DoubleRead): readonly Fix[] {
  if (!moves) return [];
  const { statement, into } = moves;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const outer = indentOf(text, into);
  const unit = outer.includes('\t') ? '\t' : '    ';
  const moved = text
    .slice(statement.start, statement.end)
    .split(/\r?\n/)
    .join(eol + unit);
  // The line goes with the statement, where it holds nothing else.
  const lineStart = text.lastIndexOf('\n', statement.start - 1) + 1;
  const rest = /^[ \t]*\r?\n/.exec(text.slice(statement.end));
  const alone = rest !== null && text.slice(lineStart, statement.start).trim() === '';
  const [start, end] = alone ? [lineStart, statement.end + rest[0].length] : [statement.start, statement.end];
  const before = text.slice(0, into).trimEnd().length;
  return [
    fixIn('Read again when the first read is complete', file, [
      { start: before, end: into, text: `${eol}${outer}${unit}${moved}${eol}${outer}` },
      { start, end, text: '' },
    ]),
  ];
}
