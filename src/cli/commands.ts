// The commands of `flowtap`. A command is one file in commands/ and one line here.
import type { Command } from 'commander';
import { explain } from './commands/explain.ts';
import { lint } from './commands/lint.ts';
import { run } from './commands/run.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { watch } from './commands/watch.ts';
import type { Context } from './context.ts';

export interface CliCommand {
  /** The status of a command line that cannot be understood; 2 unless the command says otherwise. */
  readonly usageStatus?: number;
  /** Adds the command to the program. Its action's exit status goes to `exit`; it may throw a Failure or a ProblemError. */
  register(program: Command, context: Context, exit: (status: number) => void): Command;
}

export const commands: readonly CliCommand[] = [run, watch, start, stop, status, lint, explain];
