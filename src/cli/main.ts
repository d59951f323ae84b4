// The flowtap command: everything a command may touch, from this process.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDaemon } from '../proxy/daemon.ts';
import { localProxy, wayTo } from '../proxy/local.ts';
import { programsIn } from '../proxy/paths.ts';
import { platformSupport } from '../proxy/platform.ts';
import { say, type Context } from './context.ts';
import { StreamOutput } from './output.ts';
import { runProgram } from './program.ts';
import { version } from './version.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
// The bundle is in dist; run from its source, the programs are still there.
const dist = path.basename(here) === 'dist' ? here : path.resolve(here, '../../dist');

const support = platformSupport();
const programs = { ...programsIn(dist), seesAll: support.kind === 'app' };
// Elsewhere than on macOS nothing of it is loaded.
const mac = support.kind === 'app' ? (await import('./mac.ts')).macContext(() => context) : undefined;

const context: Context = {
  version,
  env: process.env,
  stdout: new StreamOutput(process.stdout),
  stderr: new StreamOutput(process.stderr),
  programs,
  support,
  proxy: localProxy(),
  endpoint: (name, token) => wayTo(name, async () => token),
  ensure: () => ensureDaemon(programs),
  onSignal: (signals, listener) => {
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  ...mac,
};

let status = await runProgram(process.argv.slice(2), context);
await context.stdout.drained();
if (context.stdout.failure) {
  say(context, `cannot write to standard output: ${context.stdout.failure.message}`);
  status ||= 1;
}
await context.stderr.drained();
process.exit(status);
