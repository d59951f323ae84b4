// Several fixes as one: those that do not touch each other, in the text's order.
import type { Finding, Fix, TextEdit } from './finding.ts';

export const preferredFix = (finding: Finding): Fix | undefined =>
  finding.fixes.find((fix) => fix.preferred) ?? undefined;

const overlaps = (a: TextEdit, b: TextEdit): boolean => a.file === b.file && a.start < b.end && b.start < a.end;
/** Two insertions at one place, or one at the edge of a replaced range, may be meant to be the same. */
const touches = (a: TextEdit, b: TextEdit): boolean =>
  overlaps(a, b) ||
  (a.file === b.file && a.start <= b.end && b.start <= a.end && (a.start === a.end || b.start === b.end));

/** The preferred fixes of `findings` that can be applied together; call again on the result for the rest. */
export function fixAll(findings: readonly Finding[]): Fix | undefined {
  const edits: TextEdit[] = [];
  const titles = new Set<string>();
  let count = 0;
  for (const finding of findings) {
    const fix = preferredFix(finding);
    if (!fix || fix.creates || fix.edits.some((edit) => edits.some((taken) => touches(edit, taken)))) continue;
    edits.push(...fix.edits);
    titles.add(finding.rule);
    count++;
  }
  if (count === 0) return undefined;
  return { title: `Fix ${count} of ${[...titles].join(', ')}`, edits, preferred: true };
}
