// How a session reaches this user's daemon, and the endpoints of other programs.
import { connectThrough, loadBridge, type Bridge } from '../endpoint/bridge.ts';
import { watchForSocket } from '../endpoint/appear.ts';
import type { SessionOptions } from '../endpoint/session.ts';
import { socketPath } from './paths.ts';
import { problem, ProblemError } from './problems.ts';

/** Part of the options of a Session. */
export type Way = Required<Pick<SessionOptions, 'connect' | 'watch'>>;

export const localProxy = (env: NodeJS.ProcessEnv = process.env): Way => wayTo(socketPath(env));

/**
 * To the rendezvous of that name (a Mach service, or the path of a Unix socket). The token is asked for at each attempt,
 * so that one which was given later is used.
 */
export function wayTo(name: string, token: () => Promise<string> = async () => ''): Way {
  let bridge: Bridge | undefined;
  return {
    connect: async () => connectThrough((bridge ??= loadOrThrow()), { name, token: await token() }),
    watch: name.startsWith('/') ? watchForSocket(name) : () => undefined,
  };
}

/** A file that was put right is found at the next attempt: nothing is remembered of a failure. */
export function loadOrThrow(): Bridge {
  const loaded = loadBridge();
  if (loaded.kind === 'loaded') return loaded.bridge;
  throw new ProblemError(problem(loaded.kind === 'missing' ? 'bridge-missing' : 'bridge-unusable', loaded.text));
}
