// A finding with everything a report needs: places as lines and columns, the file as the reader names it.
import type { Finding } from '../../entitlements/finding.ts';
import { Lines } from '../lines.ts';
import type { Position } from '../lines.ts';

export interface PlacedFinding {
  readonly finding: Finding;
  /** Relative to where the report is read. */
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  readonly lines: Lines;
  /** Of another file of the same project. */
  readonly nameOf: (file: string) => string;
  readonly linesOf: (file: string) => Lines;
}

export function placeFindings(
  findings: readonly Finding[],
  textOf: (file: string) => string | undefined,
  nameOf: (file: string) => string,
): readonly PlacedFinding[] {
  const known = new Map<string, Lines>();
  const linesOf = (file: string): Lines => {
    const lines = known.get(file) ?? new Lines(textOf(file) ?? '');
    known.set(file, lines);
    return lines;
  };
  return findings.map((finding) => {
    const lines = linesOf(finding.file);
    const { start, end } = finding.range;
    return { finding, file: nameOf(finding.file), start: lines.at(start), end: lines.at(end), lines, nameOf, linesOf };
  });
}
