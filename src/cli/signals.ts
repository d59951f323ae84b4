// Signals and the programs that run under the command line.
import fs from 'node:fs';

export const forwardedSignals: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
];

/**
 * Whether a child has got the signal too: what is typed in a terminal goes to the whole foreground group. Sent a
 * second time, a program that asks "again to quit" would quit.
 */
export function reachesChildren(signal: NodeJS.Signals): boolean {
  return (signal === 'SIGINT' || signal === 'SIGQUIT') && hasTerminal();
}

/** A terminal that controls this process, whatever its standard streams are. */
function hasTerminal(): boolean {
  try {
    fs.closeSync(fs.openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
