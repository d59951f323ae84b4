// How a session reaches the system extension on macOS.
import type net from 'node:net';
import { connectThrough, rendezvousCode, type Bridge } from '../endpoint/bridge.ts';
import { extensionEndpoints, requirementFor, type AppPlace } from './appBundle.ts';
import { loadOrThrow, type Way } from './local.ts';
import { problem, ProblemError, type ProblemCode } from './problems.ts';

/** Connects to one name; its rejections have a rendezvous code. */
export type Connect = (way: { name: string; requirement: string; token: string }) => Promise<net.Socket>;

/**
 * The names are read from the installed extension at each attempt: an update changes them. The one of a build that was
 * replaced answers no more, so the next is tried where nobody serves one. `token` is asked for each time as well.
 */
export function appWay(
  place: AppPlace,
  token: () => Promise<string>,
  connect: Connect = throughBridge(),
  refused: ProblemCode = 'needs-grant',
): Way {
  return {
    connect: async () => {
      const endpoints = await extensionEndpoints(place);
      let last: unknown = Object.assign(new Error('the Flowtap app is not installed'), { code: 'ENOSERVICE' });
      for (const { endpoint } of endpoints) {
        const requirement = requirementFor(endpoint);
        try {
          return await connect({ name: endpoint, requirement, token: await token() });
        } catch (error) {
          const code = rendezvousCode(error);
          // It is there and knows no token of ours: the user has to allow it.
          if (code === 'EREFUSED') throw new ProblemError(problem(refused, messageOf(error)), { cause: error });
          if (code !== 'ENOSERVICE') throw error;
          last = error;
        }
      }
      throw last;
    },
    watch: () => undefined,
  };
}

export function throughBridge(): Connect {
  let bridge: Bridge | undefined;
  return (way) => connectThrough((bridge ??= loadOrThrow()), way);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
