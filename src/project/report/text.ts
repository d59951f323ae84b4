// Findings for people: the place, the words, the line of source with the spot marked, the fixes.
import type { Severity } from '../../entitlements/finding.ts';
import type { PlacedFinding } from './finding.ts';

const maxWidth = 160;

/** Control characters of a hostile file must not reach a terminal. */
// oxlint-disable-next-line no-control-regex
const clean = (text: string): string => text.replace(/\t/g, '    ').replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd');

function excerpt({ lines, start, end }: PlacedFinding): readonly string[] {
  const source = lines.text(start.line);
  if (source.trim() === '') return [];
  const before = clean(source.slice(0, start.column - 1));
  const last = end.line === start.line ? end.column - 1 : source.length;
  const marked = clean(source.slice(start.column - 1, Math.max(last, start.column)));
  const gutter = String(start.line).padStart(5);
  const shown = clean(source).slice(0, maxWidth);
  if (before.length >= maxWidth) return [`${gutter} | ${shown}`];
  const carets = '^'.repeat(Math.max(1, Math.min(marked.length, maxWidth - before.length)));
  return [`${gutter} | ${shown}`, `      | ${' '.repeat(before.length)}${carets}`];
}

export function findingText(placed: PlacedFinding): string {
  const { finding, file, start } = placed;
  const lines = [
    `${clean(file)}:${start.line}:${start.column}: ${finding.severity} ${finding.rule}: ${clean(finding.message)}`,
  ];
  lines.push(...excerpt(placed));
  for (const { file: other, range, message } of finding.related ?? []) {
    const at = placed.linesOf(other).at(range.start);
    lines.push(`      = ${clean(placed.nameOf(other))}:${at.line}:${at.column}: ${clean(message)}`);
  }
  for (const { title } of finding.fixes) lines.push(`      = fix: ${clean(title)}`);
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

export function summaryText(findings: readonly PlacedFinding[]): string {
  const count = (severity: Severity): number => findings.filter((f) => f.finding.severity === severity).length;
  const [errors, warnings, notes] = [count('error'), count('warning'), count('info') + count('hint')];
  if (findings.length === 0) return 'No findings.\n';
  return `${plural(errors, 'error')}, ${plural(warnings, 'warning')}, ${plural(notes, 'note')}.\n`;
}
