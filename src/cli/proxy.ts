// What the commands have in common that speak to the proxy.
import { ModeNames, type Mode, type ProxyStatus, type Welcome } from '../../gen/flow_pb.ts';
import { checkCapture, type CaptureCheck } from '../proxy/captured.ts';
import type { Client } from '../proxy/daemon.ts';
import type { Session } from '../endpoint/session.ts';
import { ProblemError } from '../proxy/problems.ts';
import { appOf } from './app.ts';
import type { Context } from './context.ts';
import { Failure } from './failure.ts';

export const oneQuestion = (context: Context): Client => ({
  client: 'cli',
  build: context.version,
  connect: context.proxy.connect,
});

/** Throws a Failure where there is no proxy to talk to on this platform. */
export function requireProxy(context: Context, status = 1): void {
  const { support } = context;
  if (support.kind !== 'daemon' && !appOf(context)) throw Failure.of(support.problem, status);
}

/** Starts the proxy where none runs, and resolves when the session is live. Rejects with a Failure. */
export async function connectProxy(
  context: Context,
  session: Session,
  status: number,
  signal?: AbortSignal,
): Promise<void> {
  try {
    if (appOf(context)) {
      // The user's approval can take minutes: longer than a session waits.
      await context.ensure(signal);
      session.start();
    } else session.start(context.ensure);
    await session.ready();
  } catch (error) {
    throw error instanceof ProblemError ? Failure.of(error.problem, status) : error;
  }
}

/** "tproxy", "transparent-proxy", ... */
export const modeText = (mode: Mode): string =>
  (ModeNames[mode] ?? 'unspecified').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** How a capture that begins now would work here; undefined where the launcher does not tell. */
export async function newCaptures({ programs }: Context): Promise<CaptureCheck | undefined> {
  try {
    return await checkCapture(programs);
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

/** A proxy without captures cannot know by which mode the next one will work: the launcher finds out. */
export const inForce = (status: ProxyStatus, next: CaptureCheck | undefined): { mode: string; blindSpots: string[] } =>
  next?.mode && status.captures === 0
    ? { mode: next.mode, blindSpots: [...next.blindSpots] }
    : { mode: modeText(status.mode), blindSpots: status.blindSpots };

export const runningText = (welcome: Welcome, mode: string): string =>
  `The proxy runs: pid ${welcome.pid}, version ${welcome.build}, mode ${mode}.`;
