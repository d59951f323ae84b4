// How a session reaches this user's daemon.
import { connectThrough, loadBridge, type Bridge } from '../endpoint/bridge.ts';
import { watchForSocket } from '../endpoint/appear.ts';
import type { SessionOptions } from '../endpoint/session.ts';
import { socketPath } from './paths.ts';
import { problem, ProblemError } from './problems.ts';

/** Part of the options of a Session. */
export function localProxy(env: NodeJS.ProcessEnv = process.env): Required<Pick<SessionOptions, 'connect' | 'watch'>> {
  const name = socketPath(env);
  let bridge: Bridge | undefined;
  return {
    connect: async () => connectThrough((bridge ??= load()), { name }),
    watch: watchForSocket(name),
  };
}

/** A file that was put right is found at the next attempt: nothing is remembered of a failure. */
function load(): Bridge {
  const loaded = loadBridge();
  if (loaded.kind === 'loaded') return loaded.bridge;
  throw new ProblemError(problem(loaded.kind === 'missing' ? 'bridge-missing' : 'bridge-unusable', loaded.text));
}
