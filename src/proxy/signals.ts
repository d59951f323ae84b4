import os from 'node:os';

/** The number of a signal; 0 for none. */
export const signalNumber = (signal: NodeJS.Signals | null): number => (signal ? os.constants.signals[signal] : 0);
