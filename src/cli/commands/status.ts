import type { ProxyStatus, Welcome } from '../../../gen/flow_pb.ts';
import { PlatformNames } from '../../../gen/flow_pb.ts';
import { bytesText, durationText, timeText } from '../../flow/text.ts';
import { daemonStatus } from '../../proxy/daemon.ts';
import { logPath, socketPath } from '../../proxy/paths.ts';
import { brokenStage, type Stage } from '../../proxy/app.ts';
import { ProblemError, type Problem } from '../../proxy/problems.ts';
import { appOf, askApp, stageText } from '../app.ts';
import { printable } from '../columns.ts';
import type { CliCommand } from '../command.ts';
import type { App, Context } from '../context.ts';
import { inForce, modeText, newCaptures, oneQuestion } from '../proxy.ts';

/** What `flowtap status --json` prints: a contract. Members are only ever added. */
export interface StatusJson {
  readonly state: 'running' | 'stopped' | 'unreachable' | 'unsupported';
  /** As "linux-x64". */
  readonly platform: string;
  readonly client: { readonly version: string };
  /** Where the proxy is, or would be; on macOS the name of its endpoint. */
  readonly socket: string;
  readonly log: string;
  /** With 'unreachable' and 'unsupported'; on macOS also with 'stopped'. */
  readonly problem?: Problem;
  /** How a capture that begins now would work (Linux); `problem` says why not better. */
  readonly newCaptures?: {
    readonly mode: string | null;
    readonly blindSpots: readonly string[];
    readonly problem?: Problem;
  };
  /** How far the proxy has come (macOS), in order. After the first that is not "ok" the others are "skipped". */
  readonly stages?: readonly Stage[];
  /** With 'running'; on macOS where this command may see flows ("flowtap grant"). */
  readonly proxy?: {
    readonly pid: number;
    readonly version: string;
    readonly wire: number;
    readonly platform: string;
    /** Of the latest capture, or of new ones where none is open: "tproxy", "redirect", "explicit", "transparent-proxy", "kit". */
    readonly mode: string;
    readonly capabilities: readonly string[];
    /** Plain sentences: what this mode cannot see. */
    readonly blindSpots: readonly string[];
    readonly startedAt: string;
    readonly captures: number;
    /** The latest first, at most 100. `fallback` is why no better mode could be had, or "". */
    readonly openCaptures: readonly {
      readonly name: string;
      readonly pid: number;
      readonly command: readonly string[];
      readonly mode: string;
      readonly fallback: string;
      readonly blindSpots: readonly string[];
      readonly startedAt: string;
    }[];
    readonly subscribers: number;
    readonly flows: { readonly live: number; readonly total: number; readonly refused: number; readonly limit: number };
    /** Payload: held now, at most, and at most for each direction of a flow; bytes. */
    readonly bodies: { readonly held: number; readonly budget: number; readonly limit: number };
    /** Payload on its way that slow peers have not taken; at twice the budget new flows are refused. Bytes. */
    readonly relay: { readonly held: number; readonly budget: number };
    /** Of connected clients, of captures, of bytes that wait for one subscriber, of a quiet UDP conversation's seconds. */
    readonly limits: {
      readonly clients: number;
      readonly captures: number;
      readonly queue: number;
      readonly udpIdleSeconds: number;
    };
    /** How many rules of this user are in force: "flowtap rules list". */
    readonly rules: number;
    /** What people should know; may be empty. */
    readonly notice: string;
  };
}

export const status: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('status')
      .description('tell whether the proxy runs, how it captures and what it cannot see')
      .option('--json', 'print one JSON object')
      .addHelpText(
        'after',
        `
Exit status: 0 it runs, 3 it does not run, 1 it cannot be reached or cannot run here.

With --json: {state, platform, client {version}, socket, log, problem? {code, text, next},
newCaptures? {mode, blindSpots, problem?} (Linux),
stages? [{stage, state, code, text, next, open}] (macOS),
proxy? {pid, version, wire, platform, mode, capabilities, blindSpots, startedAt, captures,
openCaptures [{name, pid, command, mode, fallback, blindSpots, startedAt}], subscribers,
flows {live, total, refused, limit}, bodies {held, budget, limit}, relay {held, budget},
limits {clients, captures, queue, udpIdleSeconds}, rules, notice}}
where state is "running", "stopped", "unreachable" or "unsupported".`,
      )
      .action(async ({ json }: { json?: true }) => {
        const found = await look(context);
        context.stdout.write(json ? `${JSON.stringify(found)}\n` : statusText(found));
        exit({ running: 0, stopped: 3, unreachable: 1, unsupported: 1 }[found.state]);
      }),
};

async function look(context: Context): Promise<StatusJson> {
  const about = {
    platform: `${process.platform}-${process.arch}`,
    client: { version: context.version },
    socket: socketPath(context.env),
    log: logPath(context.env),
  };
  const app = appOf(context);
  if (app) return lookAtApp(context, app, about);
  if (context.support.kind !== 'daemon') return { state: 'unsupported', ...about, problem: context.support.problem };
  const [found, next] = await Promise.all([daemonStatus(oneQuestion(context)), newCaptures(context)]);
  if (found.kind === 'unreachable') return { state: 'unreachable', ...about, problem: found.problem };
  const { mode = null, blindSpots = [], problem } = next ?? {};
  const told = { ...about, ...(next && { newCaptures: { mode, blindSpots, ...(problem && { problem }) } }) };
  if (found.kind === 'stopped') return { state: 'stopped', ...told };
  const proxy = { ...proxyJson(found.welcome, found.status), ...inForce(found.status, next) };
  return { state: 'running', ...told, proxy };
}

/** The app examines it, a stage after the other; the proxy itself says how it does, where it lets this command in. */
async function lookAtApp(
  context: Context,
  app: App,
  { platform, client }: Pick<StatusJson, 'platform' | 'client'>,
): Promise<StatusJson> {
  const { extensionEndpoints } = await import('../../proxy/appBundle.ts');
  const [installed] = await extensionEndpoints(app.place);
  const about = { platform, client, socket: installed?.endpoint ?? '', log: '' };
  try {
    const { stages, problem } = await askApp(app, 'status');
    const broken = brokenStage(stages);
    // Of what is not in order, this alone is what "flowtap start" is for.
    const stopped = broken?.code === 'stopped' || broken?.code === 'not-configured';
    if (problem) return { state: stopped ? 'stopped' : 'unreachable', ...about, problem, stages };
    const found = await daemonStatus(oneQuestion(context));
    if (found.kind === 'running')
      return { state: 'running', ...about, stages, proxy: proxyJson(found.welcome, found.status) };
    return { state: 'running', ...about, stages, ...(found.kind === 'unreachable' ? { problem: found.problem } : {}) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { state: 'unreachable', ...about, problem: error.problem };
  }
}

const proxyJson = (welcome: Welcome, now: ProxyStatus): NonNullable<StatusJson['proxy']> => ({
  pid: welcome.pid,
  version: welcome.build,
  wire: welcome.version,
  platform: PlatformNames[welcome.platform] ?? 'unspecified',
  mode: modeText(now.mode),
  capabilities: welcome.capabilities,
  blindSpots: now.blindSpots,
  startedAt: timeText(now.startedAt),
  captures: now.captures,
  openCaptures: now.openCaptures.map((each) => ({
    name: each.name,
    pid: each.rootPid,
    command: each.command,
    mode: modeText(each.mode),
    fallback: each.fallback,
    blindSpots: each.blindSpots,
    startedAt: timeText(each.startedAt),
  })),
  subscribers: now.subscribers,
  flows: { live: now.liveFlows, total: now.totalFlows, refused: now.refusedFlows, limit: now.flowLimit },
  bodies: { held: now.bodyBytes, budget: now.bodyBudget, limit: now.bodyLimit },
  relay: { held: now.relayBytes, budget: now.relayBudget },
  limits: {
    clients: now.clientLimit,
    captures: now.captureLimit,
    queue: now.queueLimit,
    udpIdleSeconds: now.udpIdleSeconds,
  },
  rules: now.rules,
  notice: now.text,
});

function statusText(found: StatusJson): string {
  const { state, proxy, problem, socket, log, stages } = found;
  if (stages && !proxy) {
    const head = { running: 'The proxy runs.', stopped: 'The proxy does not run.' }[state as string];
    const fix = problem ? `${printable(problem.text)}\n${printable(problem.next)}\n` : '';
    return `${head ?? 'The proxy is not ready.'}\n${stages.map(stageText).join('')}${fix}`;
  }
  if (problem) return `${problem.text}\n${problem.next}\n`;
  // Of several lines: what is wrong, and the commands that put it right.
  const why = found.newCaptures?.problem?.text.split('\n').map((line) => `${printable(line)}\n`) ?? [];
  if (state === 'stopped' || !proxy)
    return `No proxy is running.\nStart one with "flowtap start", or run a command captured: "flowtap run -- COMMAND".\n${why.join('')}`;
  const since = Date.parse(proxy.startedAt) * 1000;
  const rows: [string, string][] = [
    ['Process', `${proxy.pid}, up ${durationText(Date.now() * 1000 - since)}`],
    ['Version', `${proxy.version} (wire ${proxy.wire})`],
    ['Mode', proxy.mode],
    ['Captures', `${proxy.captures} of at most ${proxy.limits.captures}`],
    ...proxy.openCaptures
      .slice(0, 10)
      .map((each): [string, string] => ['Capture', `mode ${each.mode}, pid ${each.pid}: ${each.command.join(' ')}`]),
    ['Watchers', `${proxy.subscribers} of at most ${proxy.limits.clients}`],
    [
      'Flows',
      `${proxy.flows.live} live of at most ${proxy.flows.limit}, ${proxy.flows.total} since the start${proxy.flows.refused ? `, ${proxy.flows.refused} not admitted` : ''}`,
    ],
    [
      'Payload',
      `${bytesText(proxy.bodies.held)} of at most ${bytesText(proxy.bodies.budget)} waits for watchers; they get the first ${bytesText(proxy.bodies.limit)} of each direction`,
    ],
    [
      'Relay',
      `${bytesText(proxy.relay.held)} of ${bytesText(proxy.relay.budget)} waits for slow peers; UDP ends after ${proxy.limits.udpIdleSeconds} s of silence`,
    ],
    ['Rules', proxy.rules === 0 ? 'none' : `${proxy.rules} in force ("flowtap rules list")`],
    ['Socket', socket],
    ...(log ? [['Log', log] as [string, string]] : []),
    ...proxy.blindSpots.map((spot): [string, string] => ['Not seen', spot]),
  ];
  if (proxy.notice) rows.push(['Notice', proxy.notice]);
  const told = (stages ?? []).map(stageText).join('');
  return `The proxy runs.\n${told}${rows.map(([name, value]) => `  ${name.padEnd(9)} ${printable(value)}\n`).join('')}${why.join('')}`;
}
