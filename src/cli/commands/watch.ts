import { flowToJson } from '../../flow/json.ts';
import type { Flow } from '../../flow/model.ts';
import type { Session } from '../../endpoint/session.ts';
import { endpointNames, readToken } from '../../proxy/endpoints.ts';
import type { Way } from '../../proxy/local.ts';
import { appOf } from '../app.ts';
import type { CliCommand } from '../command.ts';
import { say, type Context } from '../context.ts';
import { filterOf } from '../filter.ts';
import { watchHeader, watchLine } from '../flowTable.ts';
import { Follower } from '../follow.ts';
import { connectProxy, modeText, requireProxy } from '../proxy.ts';

/** Enough of each direction for hosts and summaries. */
const bodyLimit = 4096;

interface WatchOptions {
  readonly endpoint: readonly string[];
  readonly tokenFile?: string;
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
      .option(
        '--endpoint <name>',
        "the flows of another program's endpoint as well (docs/kit.md); may be given several times",
        (name: string, names: readonly string[]) => [...names, name],
        [],
      )
      .option('--token-file <file>', 'the token of the endpoints, where they ask for one (macOS)')
      .addHelpText(
        'after',
        `
A flow is one line when it begins and one when it has ended; the second has the final counts. What is said about
the proxy goes to standard error. When the proxy ends, watch waits for it to come back. With --endpoint it starts no
proxy: it shows the flows of one that runs, and of the endpoints as they come and go.`,
      )
      .action(async (options: WatchOptions) => exit(await watchFlows(context, options))),
};

async function watchFlows(context: Context, options: WatchOptions): Promise<number> {
  const json = options.json === true;
  const matches = await filterOf(options.filter, 2);
  const names = options.endpoint.length > 0 ? endpointNames(options.endpoint) : [];
  const token = options.tokenFile === undefined ? '' : await readToken(options.tokenFile);
  if (names.length === 0) requireProxy(context);
  const sources: Source[] = [
    ...(names.length === 0 || context.support.kind === 'daemon' || appOf(context) ? [{ way: context.proxy }] : []),
    ...names.map((name) => ({ name, way: context.endpoint(name, token) })),
  ];
  const { dissectLive } = await import('../../dissect/live.ts');
  const print = (flow: Flow): void =>
    context.stdout.write(json ? `${JSON.stringify(flowToJson(flow))}\n` : watchLine(flow, Date.now() * 1000));
  const follower = new Follower(
    context,
    { subscribe: { bodyLimit }, matches, dissect: dissectLive, ways: sources.map(({ way }) => way) },
    // A flow that is over already is one line.
    { ended: print, ...(json ? {} : { opened: (flow: Flow) => void (flow.state === 'open' && print(flow)) }) },
  );
  const { session, sessions, store } = follower;
  const stop = new AbortController();
  const ended = new Promise<void>((resolve) => {
    context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => resolve());
    context.stdout.onDidClose(resolve);
  }).then(() => stop.abort());
  if (names.length === 0)
    try {
      await connectProxy(context, session, 1, stop.signal);
    } catch (error) {
      follower.finish();
      throw error;
    }
  if (!json) context.stdout.write(watchHeader());
  for (const [i, each] of sessions.entries()) {
    const tell = (): void => tellState(context, each, sources[i]!, names.length === 0);
    if (names.length === 0) tell();
    each.onDidChangeState(tell);
    if (names.length > 0) each.start();
  }
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

interface Source {
  /** Of an endpoint; this user's proxy has none. */
  readonly name?: string;
  readonly way: Way;
}

function tellState(context: Context, { state }: Session, source: Source, alone: boolean): void {
  const about = source.name === undefined ? '' : `endpoint ${source.name}: `;
  if (state.kind === 'live' && !state.status) {
    const { pid, build, mode } = state.welcome;
    say(context, `watching: ${about || 'proxy '}${pid}, version ${build}, mode ${modeText(mode)}`);
  } else if (state.kind === 'lost' || state.kind === 'refused' || state.kind === 'unavailable')
    say(context, `${about}${state.problem.text}\n${state.problem.next}`);
  else if (state.kind === 'stopped' && state.waiting) {
    const absent = alone ? 'The proxy was stopped.' : 'No proxy is running.';
    say(context, `${about ? `${about}nobody serves it.` : absent} Waiting for the next one.`);
  }
}
