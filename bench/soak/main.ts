// npm run soak: the daemon for ten minutes under short flows by the hundred thousand, idle ones by the thousand, and
// subscribers that read, stall, and break off; and some by name through the explicit proxy, whose look-ups have threads
// of their own. Ends with a verdict and 0, or says what did not hold and ends with 1.
//   --minutes N    100,000 short flows a minute, for at least so long (10)
//   --flows N      so many short flows instead
//   --idle N       idle flows all the while (10000, or what the limit of open files allows)
//   --variant V    another build of flowtapd (asan, tsan, debug); its memory is not judged then
//   --valgrind     the debug build under valgrind's memcheck; its memory is not judged either
// What holds: memory and descriptors after the first tenth are those at the end; no flow fails; and for every accounted
// subscriber, what it got and what it was told was left out add up to what was sent.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runOrThrow } from '../../scripts/lib/run.mjs';
import { setUpAll } from '../../scripts/setup.mjs';
import { Daemon, launcher, root, tool, type SubscriberCounts } from '../proxy/flowtap.ts';
import { descriptors, memory, output, start, type Program } from '../proxy/processes.ts';
import { RudeClients } from './rudeClients.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    flows: { type: 'string' },
    idle: { type: 'string', default: '10000' },
    variant: { type: 'string', default: 'release' },
    valgrind: { type: 'boolean', default: false },
  },
});
const minutes = values.flows ? 0 : Number(values.minutes);
const variant = values.valgrind ? 'debug' : values.variant;
const memcheck = ['valgrind', '--quiet', '--error-exitcode=9', '--leak-check=full', '--errors-for-leak-kinds=definite'];
const wantedFlows = Number(values.flows ?? minutes * 100_000);
const bytesOfFlow = 64 + 1024; // what bench-load asks, and its answer
const capture = [launcher, '--mode', 'tproxy', '--'];
const growthAllowed = 1024; // KB: what an allocator may still take for itself
const failures: string[] = [];
const holds = (good: boolean, what: string): void => void (good || failures.push(what));
const whole = new Intl.NumberFormat('en');

/** Two descriptors in the daemon for each idle flow, and some for the short ones and the subscribers. */
function fileLimit(): { prefix: string[]; idle: number } {
  const spare = 400;
  const wanted = Number(values.idle);
  const need = 2 * wanted + spare;
  const hard = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
  if (hard >= need) return { prefix: [], idle: wanted };
  const raise = ['prlimit', `--nofile=${need}:${need}`];
  if (spawnSync(raise[0]!, [...raise.slice(1), 'true']).status === 0) return { prefix: raise, idle: wanted };
  const idle = Math.max(100, Math.floor((hard - spare) / 2));
  console.log(`${idle} idle flows instead of ${wanted}: this user may have ${hard} open files`);
  return { prefix: [], idle };
}

/** Runs short flows until there are enough of them; two at a time, each captured anew. */
class ShortFlows {
  done = 0;
  readonly #env: Daemon['env'];
  readonly #server: number;
  constructor(env: Daemon['env'], server: number) {
    this.#env = env;
    this.#server = server;
  }
  async run(until: () => boolean, each: number): Promise<void> {
    const worker = async (): Promise<void> => {
      while (!until()) {
        const command = [tool('bench-load'), 'connect', '--to', String(this.#server), '--count', String(each)];
        const text = await output([...capture, ...command, '--seconds', '60'], this.#env);
        const { count, failed } = JSON.parse(text) as { count: number; failed: number };
        this.done += count;
        holds(failed === 0, `${failed} short flows failed`);
      }
    };
    await Promise.all([worker(), worker()]);
  }
}

async function until(what: () => string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1200 && !condition(); i++) await delay(50);
  holds(condition(), what());
}

function judge(name: string, counts: SubscriberCounts, flows: number): void {
  const sent = flows * bytesOfFlow;
  const told = counts.payload + counts.droppedBytes;
  console.log(
    `${name}: ${whole.format(counts.payload)} bytes delivered and ${whole.format(counts.droppedBytes)} left out of ` +
      `${whole.format(sent)}; ${whole.format(counts.opened)} flows opened, ${whole.format(counts.closed)} closed, ` +
      `${counts.resyncs} snapshots anew`,
  );
  holds(told === sent, `${name}: delivered and left out are ${told}, sent were ${sent}`);
}

/** Flows by name, of programs that obey proxy variables. The daemon then ends in the middle of look-ups. */
async function byName(daemon: Daemon, server: number): Promise<void> {
  const subscriber = await daemon.subscriber();
  const wanted = Math.max(50, Math.floor(wantedFlows / 100));
  const program = [process.execPath, path.join(root, 'bench/soak/namedFlows.ts'), '--to', String(server)];
  const command = [launcher, '--mode', 'explicit', '--', ...program, '--count', String(wanted)];
  const { done, failed } = JSON.parse(await output(command, daemon.env)) as { done: number; failed: number };
  const { opened, closed, payload, droppedBytes, sent, resyncs } = await daemon.countsOf(subscriber);
  console.log(
    `by name: ${whole.format(done)} flows, ${whole.format(payload)} bytes delivered and ${whole.format(droppedBytes)} ` +
      `left out of ${whole.format(sent)}`,
  );
  holds(failed === 0, `${failed} flows by name failed`);
  holds(payload + droppedBytes === sent, `by name: delivered and left out are ${payload + droppedBytes} of ${sent}`);
  holds(sent === done * bytesOfFlow, `by name: ${sent} bytes were told of, ${done * bytesOfFlow} sent`);
  // Addresses of the name at which nobody answers are flows, too.
  holds(resyncs > 0 || (opened === closed && opened >= done), `by name: ${opened} flows opened, ${closed} closed`);
}

async function main(): Promise<void> {
  await setUpAll(['dependencies', 'node', 'proto', 'native', ...(values.valgrind ? ['valgrind'] : [])]);
  const build = ['scripts/build-native.mjs', '--variant'];
  const tools = ['flowtap-run', 'bench-load', 'bench-server', 'bench-subscriber'];
  await runOrThrow(process.execPath, [...build, 'release', 'flowtapd', ...tools], { cwd: root });
  if (variant !== 'release') await runOrThrow(process.execPath, [...build, variant, 'flowtapd'], { cwd: root });
  const { prefix, idle } = fileLimit();
  const origin = start([...prefix, tool('bench-server')]);
  const server = Number(await origin.line());
  const file = variant === 'release' ? 'flowtapd' : path.join(root, 'out', variant, 'flowtapd');
  // With short queues those who stall have theirs full within the first tenth, and fall behind all the time.
  const limits = ['--idle-exit', '0', '--queue', '262144', '--max-flows', String(idle + 4096)];
  const daemon = await new Daemon(limits, [...prefix, ...(values.valgrind ? memcheck : [])], file).ready();
  const { env, pid } = daemon;

  const keen = await daemon.subscriber();
  const stalled = await daemon.subscriber(['--pace', '0']);
  const slow = await daemon.subscriber(['--pace', '4096']);
  const before = descriptors(pid);
  const rude = new RudeClients(daemon.socket).start();
  const short = new ShortFlows(env, server);

  let idleClient: Program | undefined;
  if (idle > 0) {
    idleClient = start([...prefix, ...capture, tool('bench-load'), 'idle', '--to', String(server), '--count', String(idle)], env); // prettier-ignore
    await idleClient.line();
    console.log(`${whole.format(idle)} idle flows: ${memory(pid, 'VmRSS')} KB`);
  }
  const each = Math.max(100, Math.min(10_000, Math.floor(wantedFlows / 20)));
  await short.run(() => short.done >= wantedFlows / 10, each);
  const warm = memory(pid, 'VmRSS');
  const began = Date.now();
  let reported = short.done;
  const over = (): boolean => {
    if (short.done - reported >= 50_000) {
      reported = short.done;
      console.log(
        `${whole.format(short.done)} short flows: ${memory(pid, 'VmRSS')} KB, ${descriptors(pid)} descriptors`,
      );
    }
    return failures.length > 0 || (short.done >= wantedFlows && Date.now() - began >= minutes * 54_000);
  };
  await short.run(over, each);
  const atEnd = memory(pid, 'VmRSS');
  console.log(`${whole.format(short.done)} short flows, ${whole.format(rude.visits)} rude clients: ${warm} KB after the first tenth, ${atEnd} KB now`); // prettier-ignore
  const judged = variant === 'release';
  holds(!judged || atEnd <= warm + growthAllowed, `memory grew from ${warm} to ${atEnd} KB`);

  await idleClient?.end('SIGTERM');
  await rude.end();
  const flows = short.done + idle;
  await until(
    () => `${descriptors(pid)} descriptors are open, ${before} were`,
    () => descriptors(pid) <= before,
  );
  const counts = {
    keen: await daemon.countsOf(keen),
    stalled: await daemon.countsOf(stalled),
    slow: await daemon.countsOf(slow),
  };
  for (const [name, its] of Object.entries(counts)) judge(name, its, flows);
  // Who keeps up is told of every flow.
  if (counts.keen.resyncs === 0) {
    holds(counts.keen.opened === flows, `keen: ${counts.keen.opened} flows opened, there were ${flows}`);
    holds(counts.keen.closed === flows, `keen: ${counts.keen.closed} flows closed, there were ${flows}`);
  }
  await byName(daemon, server);
  const code = await daemon.end();
  holds(code === 0, `flowtapd ended with ${code}: ${daemon.program.errors()}`);
  await origin.end();
}

main().then(
  () => {
    for (const failure of failures) console.log(`did not hold: ${failure}`);
    console.log(failures.length ? 'soak: FAILED' : 'soak: held');
    process.exit(failures.length ? 1 : 0);
  },
  (e: Error) => {
    console.error(`soak: ${e.message}`);
    process.exit(2);
  },
);
