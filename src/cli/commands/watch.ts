import { flowToJson } from '../../flow/json.ts';
import type { Flow } from '../../flow/model.ts';
import { ProblemError } from '../../proxy/problems.ts';
import type { CliCommand } from '../command.ts';
import { say, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { filterOf } from '../filter.ts';
import { watchHeader, watchLine } from '../flowTable.ts';
import { Follower } from '../follow.ts';
import { modeText, requireProxy } from '../proxy.ts';

/** Enough of each direction for hosts and summaries. */
const bodyLimit = 4096;

interface WatchOptions {
  readonly json?: true;
  readonly filter?: string;
}

export const watch: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('watch')
      .description('show the live flows of every captured program of this user, until Ctrl-C')
      .option('--json', 'print one JSON object per flow when it ends, and the open ones at the end')
      .option('--filter <query>', 'only the flows that match (docs/query.md)')
      .addHelpText(
        'after',
        `
A flow is one line when it begins and one when it has ended; the second has the final counts. What is said about
the proxy goes to standard error. When the proxy ends, watch waits for it to come back.`,
      )
      .action(async (options: WatchOptions) => exit(await watchFlows(context, options))),
};

async function watchFlows(context: Context, options: WatchOptions): Promise<number> {
  const json = options.json === true;
  const matches = await filterOf(options.filter, 2);
  requireProxy(context);
  const { dissectLive } = await import('../../dissect/live.ts');
  const print = (flow: Flow): void =>
    context.stdout.write(json ? `${JSON.stringify(flowToJson(flow))}\n` : watchLine(flow, Date.now() * 1000));
  const follower = new Follower(
    context,
    { subscribe: { bodyLimit }, matches, dissect: dissectLive },
    // A flow that is over already is one line.
    { ended: print, ...(json ? {} : { opened: (flow: Flow) => void (flow.state === 'open' && print(flow)) }) },
  );
  const { session, store } = follower;
  const ended = new Promise<void>((resolve) => {
    context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => resolve());
    context.stdout.onDidClose(resolve);
  });
  try {
    session.start(context.ensure);
    await session.ready();
  } catch (error) {
    follower.finish();
    throw error instanceof ProblemError ? Failure.of(error.problem, 1) : error;
  }
  if (!json) context.stdout.write(watchHeader());
  const tell = (): void => {
    const { state } = session;
    if (state.kind === 'live' && !state.status)
      say(
        context,
        `watching: proxy ${state.welcome.pid}, version ${state.welcome.build}, mode ${modeText(state.welcome.mode)}`,
      );
    else if (state.kind === 'lost' || state.kind === 'refused' || state.kind === 'unavailable')
      say(context, `${state.problem.text}\n${state.problem.next}`);
    else if (state.kind === 'stopped' && state.waiting)
      say(context, 'The proxy was stopped. Waiting for the next one.');
  };
  tell();
  session.onDidChangeState(tell);
  let dropped = 0;
  store.onDidChange(() => {
    if (store.dropped.frames === dropped) return;
    say(context, `the proxy left out ${store.dropped.frames - dropped} events: they came faster than they were read`);
    dropped = store.dropped.frames;
  });
  await ended;
  const open = follower.finish();
  if (json) open.forEach(print);
  return 0;
}
