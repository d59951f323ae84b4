// What the commands have in common that speak to the proxy.
import { ModeNames, type Mode, type ProxyStatus, type Welcome } from '../../gen/flow_pb.ts';
import type { Client } from '../proxy/daemon.ts';
import type { Context } from './context.ts';
import { Failure } from './failure.ts';

export const oneQuestion = (context: Context): Client => ({
  client: 'cli',
  build: context.version,
  connect: context.proxy.connect,
});

/** Throws a Failure where there is no proxy to talk to on this platform. */
export function requireProxy({ support }: Context, status = 1): void {
  if (support.kind !== 'daemon') throw Failure.of(support.problem, status);
}

/** "tproxy", "transparent-proxy", ... */
export const modeText = (mode: Mode): string =>
  (ModeNames[mode] ?? 'unspecified').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

export const runningText = (welcome: Welcome, status: ProxyStatus): string =>
  `The proxy runs: pid ${welcome.pid}, version ${welcome.build}, mode ${modeText(status.mode)}.`;
