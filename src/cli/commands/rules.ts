import type { Rules } from '../../../gen/flow_pb.ts';
import { ask, type Live } from '../../proxy/daemon.ts';
import { printable, tableText } from '../columns.ts';
import type { CliCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { readInput } from '../files/input.ts';
import { oneQuestion, requireProxy } from '../proxy.ts';

/** What the proxy takes (kMaxRulesBytes in sysext/core/rules.h), and one more to see that there is more. */
const maxBytes = (256 << 10) + 1;

/** What `flowtap rules list --json` prints: a contract. Members are only ever added. */
export interface RulesJson {
  /** The file that is in force. */
  readonly text: string;
  /** In order: the first that fits a flow decides. `flows`: how many opened under it since it was set. */
  readonly rules: readonly { readonly line: number; readonly rule: string; readonly flows: number }[];
}

export const rules: CliCommand = {
  register: (program, context, exit) => {
    const group = program
      .command('rules')
      .description('block, reset, delay or slow down flows that open from now on')
      .addHelpText(
        'after',
        `
A rules file has one rule on each line: what to do, then for which flows, as a query. The first that fits decides.

  block process:curl host:*.example.com      # refused, as if nobody listened there
  reset after 10KB port:443                  # the connection breaks when 10 KB have passed
  delay 200ms rate 100KB/s down host:cdn.*   # a slow link
  pass port:53                               # as it is, whatever the rules below say

Rules are this user's and live in the proxy: they stay when nobody watches, and end with the proxy ("flowtap stop").`,
      );
    group
      .command('set')
      .description('replace all rules by those of a file; a file with an error changes nothing')
      .argument('<file>', 'the rules; "-" is standard input')
      .addHelpText(
        'after',
        '\nStarts the proxy where none runs. Exit status: 0, 1 where a rule has an error, 2 where the file cannot be read.',
      )
      .action(async (file: string) => {
        requireProxy(context);
        const text = readInput(file, maxBytes, 'a rules file');
        await context.ensure();
        const answer = await withProxy(context, (proxy) => proxy.setRules(text));
        if (!answer) throw new Failure(1, 'the proxy ended before it took the rules', 'Try again.');
        refuseError(answer, file === '-' ? 'standard input' : file);
        const { length } = answer.counts;
        context.stdout.write(
          length === 0
            ? 'There are no rules now.\n'
            : `${rulesText(length)} in force for flows that open from now on.\n`,
        );
        exit(0);
      });
    group
      .command('list')
      .description('the rules in force, and how many flows opened under each')
      .option('--json', 'print one JSON object')
      .addHelpText('after', '\nWith --json: {text, rules: [{line, rule, flows}]}, where text is the whole file.')
      .action(async ({ json }: { json?: true }) => {
        requireProxy(context);
        const answer = await withProxy(context, (proxy) => proxy.rules());
        if (answer) refuseError(answer, 'rules');
        if (json) context.stdout.write(`${JSON.stringify(rulesJson(answer))}\n`);
        else context.stdout.write(listText(answer));
        exit(0);
      });
    group
      .command('clear')
      .description('take all rules back')
      .action(async () => {
        requireProxy(context);
        const before = await withProxy(context, async (proxy) => {
          const { counts } = await proxy.rules();
          refuseError(await proxy.setRules(''), 'rules');
          return counts.length;
        });
        context.stdout.write(
          before ? `${before === 1 ? 'One rule was' : `${before} rules were`} taken back.\n` : noRules,
        );
        exit(0);
      });
    return group;
  },
};

const noRules = 'No rules are in force.\n';
const rulesText = (count: number): string => (count === 1 ? 'One rule is' : `${count} rules are`);

/** Undefined where no proxy runs. */
const withProxy = <T>(context: Context, question: (proxy: Live) => Promise<T>): Promise<T | undefined> =>
  ask(oneQuestion(context), question);

function refuseError({ error, line, column }: Rules, file: string): void {
  if (error === '') return;
  if (line === 0) throw new Failure(1, error);
  throw new Failure(
    1,
    `${file}:${line}:${column}: ${error}`,
    'Nothing was changed: the rules that were in force still are. "flowtap rules --help" shows how a rule is written.',
  );
}

const rulesJson = (answer: Rules | undefined): RulesJson => ({
  text: answer?.text ?? '',
  rules: (answer?.counts ?? []).map(({ line, rule, applied }) => ({ line, rule, flows: applied })),
});

function listText(answer: Rules | undefined): string {
  if (!answer || answer.counts.length === 0) return noRules;
  return tableText(
    [
      { title: 'LINE', align: 'right' },
      { title: 'FLOWS', align: 'right' },
      { title: 'RULE', align: 'left' },
    ],
    answer.counts.map(({ line, rule, applied }) => [String(line), String(applied), printable(rule)]),
  );
}
