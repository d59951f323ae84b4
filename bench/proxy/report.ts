// Figures to tables. Every comparison is made within a round; what is shown is the median over the rounds.
import type { Peer } from './peers.ts';

export interface Sample {
  readonly peer: string;
  readonly round: number;
  readonly load: number;
  readonly test: 'down' | 'up' | 'connect' | 'ask';
  readonly seconds: number;
  /** Of the proxy's processes, in seconds. */
  readonly cpu: number;
  readonly bytes?: number;
  readonly count?: number;
  readonly failed?: number;
  /** What became of them. */
  readonly failures?: string;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
}
/** Kilobytes, kilobytes per 10,000 connections, bytes per idle connection. */
export interface Footprint {
  readonly peer: string;
  readonly peak: number;
  readonly growth: number;
  readonly perIdle: number;
}
/** Milliseconds of each run. */
export interface Spawns {
  readonly nothing: readonly number[];
  readonly unshare: readonly number[];
  readonly launched: readonly number[];
  readonly commandLine: readonly number[];
}
export interface Result {
  readonly machine: string;
  readonly rounds: number;
  readonly samples: readonly Sample[];
  readonly footprints: readonly Footprint[];
  readonly spawns: Spawns;
}
type Test = Sample['test'];
type Value = (sample: Sample) => number;

const rate: Value = (s) => (s.bytes ?? s.count ?? NaN) / s.seconds;
const cpuPerGigabyte: Value = (s) => (s.cpu * 1e9) / s.bytes!;
const cpuPer10k: Value = (s) => (s.cpu * 1e4) / s.count!;

export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
const show = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '–');

class Rounds {
  readonly #samples: readonly Sample[];
  readonly #rounds: readonly number[];
  constructor({ samples }: Result) {
    this.#samples = samples;
    this.#rounds = [...new Set(samples.map((s) => s.round))];
  }
  of(peer: string, test: Test, round: number, value: Value): number {
    const found = this.#samples.find((s) => s.peer === peer && s.test === test && s.round === round);
    return found ? value(found) : NaN;
  }
  median(peer: string, test: Test, value: Value): number {
    return median(this.#rounds.map((round) => this.of(peer, test, round, value)));
  }
  /** The median of what `compare` makes of each round. */
  each(compare: (round: number) => number): number {
    return median(this.#rounds.map(compare));
  }
  /** To `others`, of which the best in each round counts: the highest where more is better. */
  ratio(peer: string, others: readonly string[], test: Test, value: Value, best: 'highest' | 'lowest'): number {
    return this.each((round) => {
      const theirs = others.map((other) => this.of(other, test, round, value)).filter(Number.isFinite);
      if (theirs.length === 0) return NaN;
      return this.of(peer, test, round, value) / (best === 'highest' ? Math.max(...theirs) : Math.min(...theirs));
    });
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i ? '---:' : '---'))), ...rows.map(line)].join('\n');
}

export function report(result: Result, peers: readonly Peer[]): string {
  const rounds = new Rounds(result);
  const footprints = new Map(result.footprints.map((f) => [f.peer, f]));
  const added = (peer: string, value: Value): number =>
    rounds.each((round) => rounds.of(peer, 'ask', round, value) - rounds.of('raw', 'ask', round, value));
  const main = peers.map(({ name, title }) => {
    const isRaw = name === 'raw';
    const memory = footprints.get(name);
    const cpu = (value: number, digits: number): string => (isRaw ? '–' : show(value, digits));
    return [
      title,
      show(rounds.ratio(name, ['raw'], 'down', rate, 'highest'), 2),
      show(rounds.ratio(name, ['raw'], 'up', rate, 'highest'), 2),
      cpu(rounds.median(name, 'down', cpuPerGigabyte), 2),
      cpu(rounds.median(name, 'up', cpuPerGigabyte), 2),
      show(rounds.median(name, 'connect', rate), 0),
      show(rounds.ratio(name, ['raw'], 'connect', rate, 'highest'), 2),
      String(failedOf(result, name)),
      cpu(rounds.median(name, 'connect', cpuPer10k), 2),
      show(
        added(name, (s) => s.p50!),
        1,
      ),
      show(
        added(name, (s) => s.p99!),
        1,
      ),
      show((memory?.peak ?? NaN) / 1024, 1),
      show(memory?.growth ?? NaN, 0),
      show(memory?.perIdle ?? NaN, 0),
    ];
  });
  const raw = `Raw loopback: ${show(rounds.median('raw', 'down', rate) / 1e9, 2)} GB/s down, ${show(rounds.median('raw', 'up', rate) / 1e9, 2)} GB/s up, an answer in ${show(rounds.median('raw', 'ask', (s) => s.p50!), 1)} µs.`; // prettier-ignore
  return `# Our proxy and others

\`npm run bench:proxy\`, ${result.machine}. ${result.rounds} interleaved rounds.

Client, proxy and server share the machine's cores. Each figure is the median over the rounds; ratios, and what is added
to a latency, are taken within each round. The client of Flowtap runs captured in a network namespace and connects to the
server's own address, so packet rules, the look-up of the process and the first packet's wait are part of it; the client
of a peer connects to the peer's port, and the peer to the server. CPU is that of the proxy's own processes. ${failures(result, peers)}

${table(['', 'down / raw', 'up / raw', 'CPU s/GB down', 'CPU s/GB up', 'connections/s', 'connections / raw', 'failed', 'CPU s per 10,000 connections', 'added p50 µs', 'added p99 µs', 'peak RSS MB', 'RSS KB kept per 10,000 connections', 'RSS bytes per idle connection'], main)}

${raw}

${figures(rounds, result, footprints)}
`;
}

const failedOf = ({ samples }: Result, peer: string): number =>
  samples.reduce((sum, s) => sum + (s.peer === peer ? (s.failed ?? 0) : 0), 0);

/** Whose connections failed, and how. */
function failures(result: Result, peers: readonly Peer[]): string {
  const bad = result.samples.filter((s) => s.failed);
  const tried = result.samples.reduce(
    (sum, s) => sum + (s.test === 'connect' ? (s.count ?? 0) + (s.failed ?? 0) : 0),
    0,
  );
  if (bad.length === 0) return `None of ${tried} connections failed.`;
  const title = (name: string): string => peers.find((p) => p.name === name)?.title ?? name;
  const list = bad.map((s) => `${title(s.peer)}, round ${s.round + 1}: ${s.failures ?? s.failed}`);
  return `Of ${tried} connections failed:\n\n${list.map((line) => `- ${line}`).join('\n')}\n`;
}

/** The figures that were set for it, and what was measured. */
function figures(rounds: Rounds, { spawns }: Result, footprints: ReadonlyMap<string, Footprint>): string {
  const us = 'flowtap';
  const tuned = ['haproxy-512k', 'nginx-512k'];
  const untuned = ['haproxy', 'nginx-64k'];
  const all = ['haproxy', 'haproxy-splice', 'haproxy-512k', 'nginx-64k', 'nginx-512k'];
  const both = (others: readonly string[], value: Value, best: 'highest' | 'lowest'): string =>
    (['down', 'up'] as const).map((t) => `${show(rounds.ratio(us, others, t, value, best), 2)} ${t}`).join(', ');
  const connections = (others: readonly string[], peer = us): string =>
    show(rounds.ratio(peer, others, 'connect', rate, 'highest'), 2);
  const cpu = (others: readonly string[], peer = us): string =>
    show(rounds.ratio(peer, others, 'connect', cpuPer10k, 'lowest'), 2);
  const latency = (others: readonly string[]): string =>
    show(rounds.each((round) => {
      const added = (peer: string): number => rounds.of(peer, 'ask', round, (s) => s.p50!) - rounds.of('raw', 'ask', round, (s) => s.p50!);
      return added(us) - Math.min(...others.map(added));
    }), 1); // prettier-ignore
  const cost = (peer: string): string =>
    `${both2(rounds, peer)}, connections ${show(rounds.ratio(peer, ['flowtap-alone'], 'connect', rate, 'highest'), 3)}`;
  const own = footprints.get(us);
  const ms = (times: readonly number[]): string => `${show(median(times), 2)} ms`;
  const rows = [
    ['Bulk to the better of both with 512 KiB buffers', '≥ 0.95', both(tuned, rate, 'highest')],
    ['Bulk to the better of both as installed', '≥ 1.3', both(untuned, rate, 'highest')],
    ['CPU per GB to HAProxy with 512 KiB', '≤ 1', both(['haproxy-512k'], cpuPerGigabyte, 'lowest')],
    ['Connections/s to the best of HAProxy and nginx', '≥ 1', connections(all)],
    ['… with one process captured', '', connections(all, 'flowtap-single')],
    ['CPU per connection to the best of HAProxy and nginx', '≤ 1.1', cpu(all)],
    ['… with one process captured', '≤ 1', cpu(all, 'flowtap-single')],
    ['Connections/s to mitmproxy', '≥ 10', connections(['mitmproxy'])],
    ['Connections/s to mockttp', '≥ 3', connections(['mockttp'])],
    ['Added p50 to that of HAProxy, µs', '≤ 0', latency(['haproxy', 'haproxy-512k'])],
    ['Peak RSS, MB', '≤ 8 and budgets', show((own?.peak ?? NaN) / 1024, 1)],
    ['RSS per idle flow, bytes', '≤ 512', show(own?.perIdle ?? NaN, 0)],
    ['A keen subscriber, to none', '', cost('flowtap')],
    ['A slow subscriber, to none', '≥ 0.98', cost('flowtap-slow')],
    ['A stopped subscriber, to none', '≥ 0.98', cost('flowtap-stopped')],
    ['`flowtap-run -- true` to `unshare -Urn true`', '≤ 2', `${show(median(spawns.launched.map((t, i) => t / spawns.unshare[i]!)), 2)} (${ms(spawns.launched)} and ${ms(spawns.unshare)}; \`true\` alone ${ms(spawns.nothing)})`],
    ['`flowtap run -- true`, Node included', '', ms(spawns.commandLine)],
  ]; // prettier-ignore
  return table(['Figure', 'to reach', 'measured'], rows);
}

const both2 = (rounds: Rounds, peer: string): string =>
  (['down', 'up'] as const)
    .map((t) => `${t} ${show(rounds.ratio(peer, ['flowtap-alone'], t, rate, 'highest'), 3)}`)
    .join(', ');
