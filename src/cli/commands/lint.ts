import path from 'node:path';
import { entitlementsRules } from '../../entitlements/rules/registry.ts';
import { lintProject } from '../../project/lint.ts';
import { placeFindings } from '../../project/report/finding.ts';
import type { PlacedFinding } from '../../project/report/finding.ts';
import { findingJson } from '../../project/report/json.ts';
import { sarifLog } from '../../project/report/sarif.ts';
import { findingText, summaryText } from '../../project/report/text.ts';
import { projectRules } from '../../project/rules/registry.ts';
import { Workspace } from '../../project/workspace.ts';
import { Option } from 'commander';
import type { CliCommand } from '../command.ts';
import { say } from '../context.ts';
import type { Context } from '../context.ts';
import { readFolder } from '../files/folder.ts';
import { rootsOf } from '../files/roots.ts';
import type { Root } from '../files/roots.ts';

interface LintOptions {
  readonly format: 'text' | 'json' | 'sarif';
}

export const lint: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('lint')
      .description('check entitlements, Info.plist, project and sources of a Network Extension project')
      .argument('<path...>', 'files and folders; a file is judged within its project')
      .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json', 'sarif']).default('text'))
      .addHelpText(
        'after',
        `
Exit status: 0 no error-level finding, 1 some, 2 unusable input.

With --format json: an array of {rule, severity ("error", "warning", "info" or "hint"), file, line, column,
endLine, endColumn, message, fixes: [{title}]}; lines and columns from 1, files relative to the current folder.
Rules are described in docs/rules; a .flowtaprc in the folder sets them off or to another severity.`,
      )
      .action((paths: string[], { format }: LintOptions) => {
        const findings = rootsOf(paths, process.cwd()).flatMap((root) => lintRoot(context, root));
        const unique = withoutTwins(findings);
        if (format === 'json') context.stdout.write(`${JSON.stringify(unique.map(findingJson), undefined, 2)}\n`);
        else if (format === 'sarif')
          context.stdout.write(
            `${JSON.stringify(sarifLog(unique, [...entitlementsRules, ...projectRules], context.version), undefined, 2)}\n`,
          );
        else {
          for (const finding of unique) context.stdout.write(`${findingText(finding)}\n`);
          context.stdout.write(summaryText(unique));
        }
        exit(unique.some((f) => f.finding.severity === 'error') ? 1 : 0);
      }),
};

function lintRoot(context: Context, { folder, reports, named }: Root): readonly PlacedFinding[] {
  const files = readFolder(folder, named);
  if (files.truncated) say(context, `${folder} has too many files; some were not looked at.`);
  const workspace = new Workspace(files);
  const { findings, problems } = lintProject(workspace, { now: new Date(), named });
  for (const problem of problems) say(context, problem);
  const nameOf = (file: string): string =>
    (path.relative(process.cwd(), path.join(folder, file)) || file).split(path.sep).join('/');
  return placeFindings(
    findings.filter((f) => reports(f.file)),
    (file) => workspace.textOf(file),
    nameOf,
  );
}

/** Overlapping arguments name the same file twice. */
function withoutTwins(findings: readonly PlacedFinding[]): readonly PlacedFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ finding, file, start }) => {
    const key = `${finding.rule}\0${file}\0${start.line}:${start.column}\0${finding.message}`;
    return !seen.has(key) && seen.add(key);
  });
}
