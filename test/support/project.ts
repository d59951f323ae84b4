// Projects in memory for tests.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Fix } from '../../src/entitlements/finding.ts';
import { filesOf } from '../../src/project/files.ts';
import { lintProject } from '../../src/project/lint.ts';
import type { LintOptions } from '../../src/project/lint.ts';
import { Workspace } from '../../src/project/workspace.ts';
import { applyEdits } from '../../src/plist/xmlEdit.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

export const lintFiles = (files: Files, options?: LintOptions): readonly Finding[] =>
  lintProject(new Workspace(filesOf(files)), options).findings;

export const ofRule = (findings: readonly Finding[], rule: string): readonly Finding[] =>
  findings.filter((f) => f.rule === rule);

/** What the editor does with a fix. */
export function applied(files: Files, fix: Fix): Record<string, string | Uint8Array> {
  const result: Record<string, string | Uint8Array> = { ...files };
  for (const file of new Set(fix.edits.map((e) => e.file))) {
    const text = result[file];
    if (typeof text !== 'string') throw new Error(`${file} is no text`);
    const edits = fix.edits.filter((e) => e.file === file).toSorted((a, b) => a.start - b.start || a.end - b.end);
    for (const [i, e] of edits.entries())
      if (i > 0 && e.start < (edits[i - 1]?.end ?? 0))
        throw new Error(`overlapping edits in ${file}: ${JSON.stringify(edits)}`);
    result[file] = applyEdits(text, edits);
  }
  for (const { file, text } of fix.creates ?? []) result[file] = text;
  return result;
}

/** A folder of test/fixtures as files. */
export function fixture(name: string): Record<string, string> {
  const root = join(import.meta.dirname, '../fixtures', name);
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name))
      .map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]),
  );
}

/** As `severity rule file`, for readable assertions. */
export const brief = (findings: readonly Finding[]): readonly string[] =>
  findings.map((f) => `${f.severity} ${f.rule} ${f.file}`);
