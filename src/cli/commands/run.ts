import { Mode, type CaptureStatus } from '../../../gen/flow_pb.ts';
import { spawn } from 'node:child_process';
import { flowToJson } from '../../flow/json.ts';
import { isFailure, type Flow } from '../../flow/model.ts';
import { capturedCommand, newCaptureName } from '../../proxy/captured.ts';
import { problem, ProblemError } from '../../proxy/problems.ts';
import { signalNumber } from '../../proxy/signals.ts';
import { tokenVariable } from '../app.ts';
import type { CliCommand } from '../command.ts';
import { say, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { filterOf, type Matches } from '../filter.ts';
import { flowTable, sumText } from '../flowTable.ts';
import { Follower } from '../follow.ts';
import { FileOutput, type Output } from '../output.ts';
import { ProcessTree } from '../processTree.ts';
import { connectProxy, modeText, requireProxy } from '../proxy.ts';
import { forwardedSignals, reachesChildren } from '../signals.ts';

/** Of everything that keeps the command from running captured; 127 and 126 are the launcher's. */
const captureFailed = 125;
/** How long flows may go on after the command ended, in milliseconds; then they are shown as they are. */
const grace = 1000;
const mostRows = 500;
/** Bytes of each direction: enough for hosts and summaries, and what is worth saving. */
const bodyLimits = { shown: 4096, saved: 16_384 } as const;

interface RunOptions {
  readonly json?: string;
  readonly save?: string;
  readonly filter?: string;
}

export const run: CliCommand = {
  usageStatus: captureFailed,
  register: (program, context, exit) =>
    program
      .command('run')
      .usage('[options] -- COMMAND [ARGUMENT…]')
      .description('run a command captured and show its flows when it has ended')
      .argument('<command...>', 'what to run; its input, output and signals are its own')
      .option('--json <file>', 'write one JSON object per flow when it ends; "-" is standard output')
      .option('--save <file>', 'save the flows as a capture: .pcapng, .har or .jsonl')
      .option('--filter <query>', 'only the flows that match (docs/query.md)')
      .passThroughOptions()
      .addHelpText(
        'after',
        `
Exit status: that of COMMAND (128 + n where signal n ended it), 127 where it is not found, 126 where it cannot
be run, 125 where it cannot be captured.

Without --json a table of the flows goes to standard error. Flows that go on for more than a second after
COMMAND has ended are shown as open. A capture holds the first ${bodyLimits.saved / 1024} KiB of each direction of a flow.`,
      )
      .action(async (command: string[], options: RunOptions) => exit(await runCaptured(context, command, options))),
};

async function runCaptured(context: Context, command: readonly string[], options: RunOptions): Promise<number> {
  requireProxy(context, captureFailed);
  const matches = await filterOf(options.filter, captureFailed);
  const save = options.save === undefined ? undefined : await prepareSave(context, options.save);
  const { dissectLive } = await import('../../dissect/live.ts');
  const json = options.json === undefined ? undefined : openJson(context, options.json);
  // Where the proxy sees what every program does there is no capture of this one: its flows are told by their process.
  const tree = context.programs.seesAll ? new ProcessTree() : undefined;
  const capture = tree ? '' : newCaptureName('cli');
  const wanted: Matches = tree ? (flow) => tree.has(flow.process) && matches(flow) : matches;
  const follower = new Follower(
    context,
    {
      subscribe: { capture, bodyLimit: save ? bodyLimits.saved : bodyLimits.shown },
      matches: wanted,
      dissect: dissectLive,
    },
    { ended: (flow) => json?.write(`${JSON.stringify(flowToJson(flow))}\n`) },
  );
  try {
    await connectProxy(context, follower.session, captureFailed);
    // An answer comes after the subscription took effect: nothing the command does from now on is missed.
    if (tree) await follower.session.requestStatus();
  } catch (error) {
    follower.finish();
    throw error instanceof ProblemError ? Failure.of(error.problem, captureFailed) : error;
  }
  tellTrouble(context, follower);
  const about = watchCapture(follower, capture);
  const status = await execute(context, capture, command, tree).catch((error: unknown) => {
    follower.finish(); // or the session would keep this process alive
    throw error;
  });
  await settle(context, follower, tree);
  const open = follower.finish();
  if (json) {
    for (const flow of open) json.write(`${JSON.stringify(flowToJson(flow))}\n`);
    const seen = about();
    if (seen && seen.mode !== Mode.tproxy) say(context, modeLine(seen));
  } else tellFlows(context, follower, status, about());
  await save?.(follower);
  return status;
}

/** Whether it can be saved is found out before the command runs; afterwards a fault is told, and COMMAND's status stays. */
async function prepareSave(context: Context, file: string): Promise<(follower: Follower) => Promise<void>> {
  const { checkWritable, formatOf, saveFlows } = await import('../save.ts');
  const format = formatOf(file, undefined, captureFailed);
  await checkWritable(file, captureFailed);
  const options = { version: context.version, status: captureFailed };
  return async (follower) => {
    try {
      await saveFlows(file, format, follower.flows(), follower.store, options);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(context, error.message);
    }
  };
}

const openJson = (context: Context, file: string): Output =>
  file === '-' ? context.stdout : new FileOutput(file, captureFailed, (text) => say(context, text));

/** What the proxy says of this capture; it is gone from the status when the command has ended. */
function watchCapture({ session }: Follower, name: string): () => CaptureStatus | undefined {
  let last: CaptureStatus | undefined;
  session.onDidChangeState((state) => {
    if (state.kind === 'live') last = state.status?.openCaptures.find((each) => each.name === name) ?? last;
  });
  return () => last;
}

const modeLine = ({ mode, blindSpots }: CaptureStatus): string =>
  `Captured in the mode ${modeText(mode)}. Not seen: ${blindSpots.join(' ')}`;

function tellTrouble(context: Context, { session }: Follower): void {
  session.onDidChangeState((state) => {
    if (state.kind === 'lost' || state.kind === 'refused' || state.kind === 'unavailable')
      say(context, `${state.problem.text}\n${state.problem.next}`);
    else if (state.kind === 'stopped' && state.waiting)
      say(context, 'The proxy was stopped: nothing is captured any more.');
  });
}

/** Resolves to the command's exit status. */
function execute(
  context: Context,
  capture: string,
  command: readonly string[],
  tree: ProcessTree | undefined,
): Promise<number> {
  // What lets this command see flows is not the command's business.
  const { [tokenVariable]: _, ...rest } = context.env;
  const { file, args, env } = capturedCommand(context.programs, command, {
    capture,
    env: tree ? rest : context.env,
    endsWithUs: true,
  });
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' });
    if (tree && child.pid !== undefined) tree.add(child.pid);
    // A signal must not end this process before the command has dealt with it.
    const release = context.onSignal(forwardedSignals, (signal) => {
      if (!reachesChildren(signal)) child.kill(signal);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      release();
      if (tree) return reject(cannotRun(file, error));
      const found = problem(
        error.code === 'ENOENT' ? 'program-missing' : 'program-failed',
        `${file}: ${error.message}`,
      );
      reject(Failure.of(found, captureFailed));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + signalNumber(signal));
    });
  });
}

/** As a shell and the launcher have it. */
const cannotRun = (file: string, { code, message }: NodeJS.ErrnoException): Failure =>
  code === 'ENOENT'
    ? new Failure(127, `${file}: command not found`)
    : new Failure(126, `${file} cannot be run: ${message}`);

/** Waits until everything that happened has been told, and for flows that are about to end; a signal ends the wait. */
async function settle(context: Context, follower: Follower, tree: ProcessTree | undefined): Promise<void> {
  const { session, store } = follower;
  const deadline = Date.now() + grace;
  let interrupted = false;
  const release = context.onSignal(forwardedSignals, () => (interrupted = true));
  const left = (): number => (interrupted ? 0 : deadline - Date.now());
  try {
    // An answer comes after everything the proxy did before it. The second one is asked for when the first is
    // there, so between them the proxy has looked at every connection that waited for it.
    for (let i = 0; i < 2 && left() > 0; i++) await session.requestStatus(left());
    const open = (): boolean => (tree ? follower.flows().some(({ state }) => state === 'open') : store.liveCount > 0);
    while (open() && left() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error; // the proxy is gone, which was said already
  } finally {
    release();
  }
}

function tellFlows(context: Context, follower: Follower, status: number, about: CaptureStatus | undefined): void {
  const { store, session } = follower;
  // The launcher said why it could not run the command.
  if (store.end === 1 && (status === captureFailed || status === 126 || status === 127)) return;
  const now = Date.now() * 1000;
  const flows = follower.flows();
  const shown = flows.slice(0, mostRows);
  const failed = flows.filter((flow) => isFailure(flow.reason)).length;
  const sum = (of: (flow: Flow) => number): number => flows.reduce((n, flow) => n + of(flow), 0);
  const lines = [
    '',
    `flowtap: ${sumText(
      flows.length,
      failed,
      sum((f) => f.bytesUp),
      sum((f) => f.bytesDown),
    )}`,
  ];
  if (shown.length > 0) lines.push(flowTable(shown, now).trimEnd());
  if (flows.length > shown.length)
    lines.push(`… and ${flows.length - shown.length} more: "flowtap run --json FILE -- COMMAND" gives all of them.`);
  if (store.evicted.flows)
    lines.push(`The oldest ${store.evicted.flows} flows are not counted here: there were too many.`);
  if (store.dropped.frames)
    lines.push(`The proxy left out ${store.dropped.frames} events, because they came faster than they were read.`);
  const blind = session.state.kind === 'live' ? session.state.status?.blindSpots : undefined;
  if (about) lines.push(modeLine(about));
  else if (blind?.length) lines.push(`Not seen: ${blind.join(' ')}`);
  context.stderr.write(`${lines.join('\n')}\n`);
}
