// What every command gets: where to write, what to run, how to reach the proxy. Tests give their own.
import type { AppPlace } from '../proxy/appBundle.ts';
import type { Way } from '../proxy/local.ts';
import type { PlatformSupport } from '../proxy/platform.ts';
import type { Programs } from '../proxy/paths.ts';
import type { StreamOutput } from './output.ts';

/** What runs the proxy on macOS. */
export interface App {
  readonly place: AppPlace;
  /** Where "flowtap grant" keeps what the app granted. */
  readonly tokenFile: string;
}

export interface Context {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: StreamOutput;
  readonly stderr: StreamOutput;
  readonly programs: Programs;
  readonly support: PlatformSupport;
  /** How to reach this user's proxy. */
  readonly proxy: Way;
  /** How to reach another program's endpoint. */
  readonly endpoint: (name: string, token: string) => Way;
  /** What runs the proxy, where that is an app (macOS). */
  readonly app?: App;
  /** Starts this user's proxy where none runs; rejects with a ProblemError. `signal` ends a wait for the user's approval. */
  readonly ensure: (signal?: AbortSignal) => Promise<void>;
  /** Signals to this process; returns what takes the listener off. */
  readonly onSignal: (signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void) => () => void;
}

/** To people, on stderr: stdout carries what was asked for. */
export const say = (context: Context, text: string): void => context.stderr.write(`flowtap: ${text}\n`);
