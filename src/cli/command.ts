import type { Command } from 'commander';
import type { Context } from './context.ts';

/** What each file of commands/ exports. */
export interface CliCommand {
  /** The status of a command line that cannot be understood; 2 unless the command says otherwise. */
  readonly usageStatus?: number;
  /** Adds the command to the program. Its action's exit status goes to `exit`; it may throw a Failure or a ProblemError. */
  register(program: Command, context: Context, exit: (status: number) => void): Command;
}
