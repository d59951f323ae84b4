import os from 'node:os';
import { explain as explainLines } from '../../project/logs/explain.ts';
import { lintProject } from '../../project/lint.ts';
import { explanationJson, explanationText } from '../../project/report/explanation.ts';
import { placeFindings } from '../../project/report/finding.ts';
import { findingJson } from '../../project/report/json.ts';
import { Workspace } from '../../project/workspace.ts';
import type { CliCommand } from '../command.ts';
import { readFolder } from '../files/folder.ts';
import { readInput } from '../files/input.ts';

/** A log that is larger is cut at its end: what matters is asked for by line, not by gigabyte. */
const maxBytes = 64 << 20;

export const explain: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('explain')
      .description('tell what lines of a log mean, and what to do next')
      .argument('[file]', 'the log; "-" is standard input', '-')
      .option('--json', 'print a JSON array')
      .addHelpText(
        'after',
        `
Lines that mean nothing give nothing. The project in the current folder is looked at, to find the cause there.
Exit status: 0, or 2 where the file cannot be read.

With --json: an array of {rule, line, text, meaning, next: [string], finding?}; finding as in "flowtap lint".`,
      )
      .action((file: string, { json }: { json?: true }) => {
        const text = readInput(file, maxBytes, 'a log file');
        const cwd = process.cwd();
        const known = explainLines(text);
        const wanted = known.some(({ match }) => (match.causes?.length ?? 0) > 0);
        // Lines that no project could explain need none.
        const workspace = wanted && cwd !== '/' && cwd !== os.homedir() ? new Workspace(readFolder(cwd)) : undefined;
        const findings = workspace ? lintProject(workspace, { now: new Date() }).findings : [];
        const explained = (workspace ? explainLines(text, findings) : known).map((e) => {
          const [placed] =
            e.finding && workspace
              ? placeFindings(
                  [e.finding],
                  (f) => workspace.textOf(f),
                  (f) => f,
                )
              : [];
          return explanationJson(e, placed && findingJson(placed));
        });
        if (json) context.stdout.write(`${JSON.stringify(explained, undefined, 2)}\n`);
        else if (explained.length === 0) context.stdout.write('No line here has a known meaning.\n');
        else context.stdout.write(explained.map(explanationText).join('\n'));
        exit(0);
      }),
};
