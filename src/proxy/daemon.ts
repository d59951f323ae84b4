// The proxy on Linux: one flowtapd per user, started on demand.
import type { ProxyStatus, Welcome } from '../../gen/flow_pb.ts';
import type { SessionOptions } from '../endpoint/session.ts';
import type { Programs } from './paths.ts';
import type { Problem } from './problems.ts';

export type DaemonStatus =
  | { readonly kind: 'running'; readonly welcome: Welcome; readonly status: ProxyStatus }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unreachable'; readonly problem: Problem };

/** What a connection for one question needs. */
export type Client = Pick<SessionOptions, 'client' | 'build' | 'connect' | 'token'>;

/** Resolves when this user's daemon accepts connections; rejects with a ProblemError. */
export declare function ensureDaemon(
  programs: Programs,
  options?: { env?: NodeJS.ProcessEnv; timeoutMs?: number },
): Promise<void>;
/** False where none was running. Rejects with a ProblemError. */
export declare function stopDaemon(client: Client): Promise<boolean>;
export declare function daemonStatus(client: Client): Promise<DaemonStatus>;
