// npm run bench:proxy: our daemon beside the proxies that people use, all over the loopback interface.
//   --rounds N     interleaved rounds (7); every peer runs every test once a round
//   --quick        two short rounds, to see that everything runs
//   --only A,B     these peers alone (and the raw loopback, which they are compared with); nothing is written then
//   --tests A,B    of down, up, connect, ask; nothing is written then
//   --count N      connections of each test of them (20000)
//   --help         prints this and the peers' names
// Writes bench/results/proxy.md and proxy.json. As root it installs what is missing; otherwise it says what and goes on
// without it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { which } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run.mjs';
import { installPackages } from '../../scripts/lib/setup/apt.mjs';
import { setUpAll } from '../../scripts/setup.mjs';
import { launcher, root, tool, Daemon } from './flowtap.ts';
import { describeMachine, load } from './machine.ts';
import { forgetPeak, memory, output, start } from './processes.ts';
import { peers, watched, type Peer, type Running } from './peers.ts';
import { report, type Footprint, type Sample, type Spawns } from './report.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    tests: { type: 'string' },
    count: { type: 'string', default: '20000' },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 2 : Number(values.rounds);
const seconds = values.quick ? 0.3 : 1;
const only = values.only?.split(',');
const allTests = ['down', 'up', 'connect', 'ask'] as const;
const tests = allTests.filter((test) => !values.tests || values.tests.split(',').includes(test));

async function prepare(): Promise<void> {
  await setUpAll(['dependencies', 'node', 'proto', 'native']);
  await installPeers();
  const built = ['bench-load', 'bench-server', 'bench-subscriber', 'bench-spawn'];
  await runOrThrow(process.execPath, ['scripts/build-native.mjs', 'flowtapd', 'flowtap-run', ...built], { cwd: root });
}

/** Not a step of the set-up: nobody wants them but this. */
async function installPeers(): Promise<void> {
  const packages = { haproxy: ['haproxy'], nginx: ['nginx', 'libnginx-mod-stream'], mitmdump: ['mitmproxy'] };
  const wanted = Object.entries(packages).filter(([program]) => !which(program) && !only);
  for (const [program, names] of wanted) {
    console.log(`installing ${names.join(' and ')}`);
    await installPackages(program, names, () => {}).catch((e: Error) => console.log(e.message.slice(-300)));
  }
}

/** mockttp comes from npm, into a folder of its own. */
async function installMockttp(): Promise<boolean> {
  const folder = path.join(root, 'out/bench/peers');
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'bench/proxy/peers'), folder, { recursive: true });
  try {
    // Not npm ci: it refuses the lock where a registry lacks an optional package.
    const quietly = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    await runOrThrow('npm', ['install', ...quietly], { cwd: folder });
    return true;
  } catch (e) {
    console.log(`without mockttp: ${(e as Error).message.slice(-300)}`);
    return false;
  }
}

async function available(): Promise<Peer[]> {
  const wanted = peers.filter((peer) => !only || peer.name === 'raw' || only.includes(peer.name));
  const unknown = only?.find((name) => !peers.some((peer) => peer.name === name));
  if (unknown) throw new Error(`no peer ${unknown}; there are: ${peers.map((p) => p.name).join(', ')}`);
  const found: Peer[] = [];
  for (const peer of wanted) {
    if (peer.needs && !which(peer.needs)) console.log(`without ${peer.name}: ${peer.needs} is not installed`);
    else if (peer.name !== 'mockttp' || (await installMockttp())) found.push(peer);
  }
  return found;
}

function command(running: Running, server: number, test: string, options: readonly string[]): string[] {
  const through = running.through ? ['--through', running.through, '--server', String(server)] : [];
  const cpu = watched(running).flatMap((pid) => ['--cpu-of', String(pid)]);
  const words = [tool('bench-load'), test, '--to', String(running.to), ...through, ...cpu, ...options];
  return [...(running.wrap ?? []), ...words];
}

async function measure(running: Running, server: number, test: string, options: readonly string[]): Promise<Sample> {
  const text = await output(command(running, server, test, options), running.env);
  return JSON.parse(text) as Sample;
}

/** The same order for the same seed (a linear congruential generator, and the shuffle of Fisher and Yates). */
function shuffled<T>(list: T[], seed: number): T[] {
  let state = seed + 1;
  for (let i = list.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

async function playRounds(running: Map<Peer, Running>, server: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = Date.now();
    // In another order each time: some rows leave more behind than others (caches, sockets that wait), and what is
    // compared shall not always follow the same one. Test by test, so that one test's runs lie close together.
    for (const test of tests) {
      for (const [peer, its] of shuffled([...running], round * allTests.length + allTests.indexOf(test))) {
        const count = ['--count', peer.slow ? '3000' : values.count];
        const options = [
          '--seconds',
          String(test === 'ask' ? seconds / 2 : seconds),
          ...(test === 'connect' ? count : []),
        ];
        try {
          const sample = { ...(await measure(its, server, test, options)), peer: peer.name, round, load: load() };
          samples.push(sample);
          if (sample.failed) console.log(`${peer.name}, round ${round + 1}: ${sample.failures}`);
        } catch (e) {
          console.log(`${peer.name}, ${test}, round ${round + 1}: ${(e as Error).message.slice(-400)}`);
        }
      }
    }
    console.log(`round ${round + 1} of ${rounds}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  }
  return samples;
}

/** Memory after all rounds: its peak, what stays of many connections, and what an idle one takes. */
async function footprint(running: Running, server: number, peer: Peer): Promise<Footprint> {
  const peak = memory(running.pid, 'VmHWM');
  const connections = values.quick ? 1000 : peer.slow ? 4000 : 20_000;
  const before = memory(running.pid, 'VmRSS');
  await measure(running, server, 'connect', ['--seconds', '20', '--count', String(connections)]);
  const growth = ((memory(running.pid, 'VmRSS') - before) * 10_000) / connections;

  const idle = values.quick ? 200 : 1500;
  forgetPeak(running.pid);
  const start0 = memory(running.pid, 'VmRSS');
  const client = start(command(running, server, 'idle', ['--count', String(idle)]), running.env);
  await client.line();
  const perIdle = ((memory(running.pid, 'VmRSS') - start0) * 1024) / idle;
  await client.end();
  return { peer: peer.name, peak, growth, perIdle };
}

/** What a command costs that does nothing. */
async function spawns(): Promise<Spawns> {
  const daemon = await new Daemon(['--idle-exit', '0']).ready();
  const count = values.quick ? '10' : '100';
  const commands = [['true'], ['unshare', '-Urn', 'true'], [launcher, '--mode', 'tproxy', '--', 'true']];
  const text = await output([tool('bench-spawn'), count, ...commands.flatMap((c) => ['---', ...c])], daemon.env);
  const cli = [process.execPath, path.join(root, 'dist/cli.js'), 'run', '--', 'true'];
  const cliText = await output([tool('bench-spawn'), values.quick ? '3' : '15', '---', ...cli], daemon.env).catch(
    () => '[[]]',
  );
  await daemon.end();
  const [nothing, unshare, launched] = JSON.parse(text) as [number[], number[], number[]];
  const [commandLine] = JSON.parse(cliText) as [number[]];
  return { nothing, unshare, launched, commandLine };
}

async function main(): Promise<void> {
  if (values.help) {
    const text = readFileSync(import.meta.filename, 'utf8');
    console.log(text.slice(0, text.indexOf('\nimport ')).replace(/^\/\/ ?/gm, ''));
    console.log(`Peers: ${peers.map((peer) => peer.name).join(', ')}`);
    return;
  }
  const unknown = values.tests?.split(',').find((test) => !(allTests as readonly string[]).includes(test));
  if (unknown) throw new Error(`no test ${unknown}; there are: ${allTests.join(', ')}`);
  await prepare();
  const began = Date.now();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-peers-'));
  const origin = start([tool('bench-server')]);
  const server = Number(await origin.line());
  const loadBefore = load();
  const running = new Map<Peer, Running>();
  try {
    for (const peer of await available()) {
      try {
        running.set(peer, await peer.start(server, folder));
      } catch (e) {
        console.log(`without ${peer.name}: ${(e as Error).message.slice(-400)}`);
      }
    }
    const samples = await playRounds(running, server);
    const footprints: Footprint[] = [];
    for (const [peer, its] of running)
      if (its.pid) footprints.push(await footprint(its, server, peer).catch((e: Error) => {
        console.log(`${peer.name}, memory: ${e.message.slice(-400)}`);
        return { peer: peer.name, peak: NaN, growth: NaN, perIdle: NaN };
      })); // prettier-ignore
    const machine = `${describeMachine()}; load average ${loadBefore} before and ${load()} after`;
    const result = { machine, rounds, samples, footprints, spawns: await spawns() };
    const text = report(result, [...running.keys()]);
    console.log(`\n${text}\nin ${((Date.now() - began) / 60_000).toFixed(1)} minutes`);
    if (only || values.quick || values.tests) return;
    mkdirSync(path.join(root, 'bench/results'), { recursive: true });
    writeFileSync(path.join(root, 'bench/results/proxy.md'), text);
    writeFileSync(path.join(root, 'bench/results/proxy.json'), `${JSON.stringify(result)}\n`);
  } finally {
    for (const its of running.values()) await its.end();
    await origin.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (e: Error) => {
    console.error(`bench:proxy: ${e.message}`);
    process.exit(1);
  },
);
