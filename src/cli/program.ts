// The command line, from arguments to exit status. Never ends the process by itself.
import { Command, CommanderError } from 'commander';
import { ProblemError } from '../proxy/problems.ts';
import { commands, type CommandEntry } from './commands.ts';
import { say, type Context } from './context.ts';
import { Failure } from './failure.ts';

/** Of a command line that cannot be understood. */
const usageFailed = 2;

/** `args` begins with the command's name. */
export async function runProgram(args: readonly string[], context: Context): Promise<number> {
  let status = 0;
  /** What a mistake in the arguments of the command at hand ends with. */
  let usageStatus = usageFailed;
  const program = new Command('flowtap')
    .description('Shows which process talks to whom, and what became of it.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help')
    .enablePositionalOptions()
    .showHelpAfterError('Use "flowtap help" or "flowtap COMMAND --help".')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text.replace(/^error: /, 'flowtap: ')),
    });
  for (const command of await Promise.all(commandsFor(args[0]).map((entry) => entry.load()))) {
    const added = command.register(program, context, (s) => (status = s)).copyInheritedSettings(program);
    if (added.name() === args[0] && command.usageStatus !== undefined) usageStatus = command.usageStatus;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus;
    if (error instanceof Failure) {
      say(context, error.next ? `${error.message}\n${error.next}` : error.message);
      return error.status;
    }
    if (error instanceof ProblemError) {
      say(context, `${error.problem.text}\n${error.problem.next}`);
      return 1;
    }
    throw error;
  }
}

/** The one that is asked for; all of them for help, and to suggest another. */
function commandsFor(name: string | undefined): readonly CommandEntry[] {
  if (name === '--version' || name === '-V') return [];
  const wanted = commands.filter((entry) => entry.name === name);
  return wanted.length > 0 ? wanted : commands;
}
