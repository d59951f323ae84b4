// Build configuration files (.xcconfig): one assignment or include a line. Reading of one file only; following the
// includes is the project's (src/project/settings.ts), which knows the other files.
import type { TextRange } from '../entitlements/finding.ts';

export interface SettingCondition {
  /** sdk, arch, config, variant, or what else stands there. */
  readonly key: string;
  /** May hold `*`. */
  readonly pattern: string;
}

export interface XcconfigAssignment {
  readonly kind: 'assignment';
  readonly name: string;
  readonly nameRange: TextRange;
  readonly conditions: readonly SettingCondition[];
  /** Trimmed, comment cut off. */
  readonly value: string;
  readonly valueRange: TextRange;
}

export interface XcconfigInclude {
  readonly kind: 'include';
  readonly path: string;
  readonly pathRange: TextRange;
  /** `#include?`: no error where the file is absent. */
  readonly optional: boolean;
}

export type XcconfigLine = XcconfigAssignment | XcconfigInclude;

const include = /^\s*#include(\??)\s*"([^"\n]*)"/;
const assignment = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*((?:\[[^\]\n]*\]\s*)*)=/;

/** Where the line's text ends: `//` starts a comment, also after a URL's scheme (Xcode knows no escape for it). */
function withoutComment(line: string): string {
  const at = line.indexOf('//');
  return at < 0 ? line : line.slice(0, at);
}

/** `[sdk=macosx*][arch=arm64]`, also with commas within one bracket. */
export function parseConditions(text: string): readonly SettingCondition[] {
  const conditions: SettingCondition[] = [];
  for (const [, body] of text.matchAll(/\[([^\]]*)\]/g))
    for (const part of (body ?? '').split(',')) {
      const at = part.indexOf('=');
      const key = (at < 0 ? part : part.slice(0, at)).trim();
      if (key) conditions.push({ key, pattern: at < 0 ? '*' : part.slice(at + 1).trim() });
    }
  return conditions;
}

/** Lines that are neither are passed over, as Xcode warns and goes on. */
export function parseXcconfig(text: string): readonly XcconfigLine[] {
  const lines: XcconfigLine[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = parseLine(withoutComment(text.slice(start, end)), start);
    if (line) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function parseLine(line: string, offset: number): XcconfigLine | undefined {
  const included = include.exec(line);
  if (included) {
    const path = included[2] ?? '';
    const start = offset + included[0].length - 1 - path.length;
    return { kind: 'include', path, pathRange: { start, end: start + path.length }, optional: included[1] === '?' };
  }
  const assigned = assignment.exec(line);
  if (!assigned) return undefined;
  const name = assigned[1] ?? '';
  const nameStart = offset + line.indexOf(name);
  const rest = line.slice(assigned[0].length);
  // A trailing semicolon is allowed and ignored.
  const value = rest.trim().replace(/\s*;$/, '');
  const valueStart = offset + assigned[0].length + (rest.length - rest.trimStart().length);
  return {
    kind: 'assignment',
    name,
    nameRange: { start: nameStart, end: nameStart + name.length },
    conditions: parseConditions(assigned[2] ?? ''),
    value,
    valueRange: { start: valueStart, end: valueStart + value.length },
  };
}
