// The proxy on Linux: one flowtapd per user, started on demand.
import type { ProxyStatus, Welcome } from '../../gen/flow_pb.ts';
import { Session, type SessionOptions, type SessionState } from '../endpoint/session.ts';
import { execute } from './execute.ts';
import type { Programs } from './paths.ts';
import { problem, ProblemError, type Problem } from './problems.ts';

const startTimeout = 10_000;
const stopTimeout = 10_000;

export type DaemonStatus =
  | { readonly kind: 'running'; readonly welcome: Welcome; readonly status: ProxyStatus }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unreachable'; readonly problem: Problem };

/** What a connection for one question needs. */
export type Client = Pick<SessionOptions, 'client' | 'build' | 'connect' | 'token'>;

/** Resolves when this user's daemon accepts connections; rejects with a ProblemError. */
export async function ensureDaemon(
  programs: Programs,
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<void> {
  const { status, stderr } = await execute(programs.daemon, ['--ensure'], {
    env: options.env ?? process.env,
    timeoutMs: options.timeoutMs ?? startTimeout,
  });
  if (status !== 0)
    throw new ProblemError(problem('start-failed', stderr.trim() || `flowtapd ended with status ${status}.`));
}

/** False where none was running. Rejects with a ProblemError. */
export async function stopDaemon(client: Client): Promise<boolean> {
  const session = new Session(client);
  try {
    const state = await firstState(session);
    if (state.kind === 'stopped') return false;
    if (state.kind !== 'live') throw new ProblemError(state.problem);
    await session.stopProxy(stopTimeout);
  } finally {
    session.dispose();
  }
  await gone(client);
  return true;
}

export async function daemonStatus(client: Client): Promise<DaemonStatus> {
  const session = new Session(client);
  try {
    const state = await firstState(session);
    if (state.kind === 'stopped') return { kind: 'stopped' };
    if (state.kind !== 'live') return { kind: 'unreachable', problem: state.problem };
    return { kind: 'running', welcome: state.welcome, status: await session.requestStatus() };
  } catch (error) {
    if (error instanceof ProblemError) return { kind: 'unreachable', problem: error.problem };
    throw error;
  } finally {
    session.dispose();
  }
}

/** The questions of `ask`. */
export type Live = Pick<Session, 'rules' | 'setRules'>;

/** Asks the proxy that runs; undefined where none does. Rejects with a ProblemError. */
export async function ask<T>(client: Client, question: (proxy: Live) => Promise<T>): Promise<T | undefined> {
  const session = new Session(client);
  try {
    const state = await firstState(session);
    if (state.kind === 'stopped') return undefined;
    if (state.kind !== 'live') throw new ProblemError(state.problem);
    return await question(session);
  } finally {
    session.dispose();
  }
}

type Settled = Exclude<SessionState, { kind: 'connecting' | 'starting' }>;

/** What becomes of the first attempt to connect. */
function firstState(session: Session): Promise<Settled> {
  return new Promise((resolve) => {
    const listening = session.onDidChangeState((state) => {
      if (state.kind === 'connecting' || state.kind === 'starting') return;
      listening.dispose();
      resolve(state);
    });
    session.start();
  });
}

/** The connection ends a little before the daemon does: whoever starts the next one should not meet this one. */
async function gone(client: Client): Promise<void> {
  for (const end = Date.now() + stopTimeout; Date.now() < end;) {
    try {
      (await client.connect()).destroy();
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
