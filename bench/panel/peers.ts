// Memory per HTTP request that is held, beside mitmweb and mockttp: the same 50,000 requests to the same server, in the
// same run. What counts is how much the resident memory of all processes grows, after the first thousand.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installPackages } from '../../scripts/lib/setup/apt.mjs';
import { which } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run.mjs';
import { Daemon, launcher, root } from '../proxy/flowtap.ts';
import { freePort, listening, memory, start, type Program } from '../proxy/processes.ts';
import type { Note } from './report.ts';

const requests = 50_000;
const warmUp = 1_000;
const body = JSON.stringify({
  items: Array.from({ length: 5 }, (_, i) => ({ id: i, name: `item ${i}`, price: i * 3 })),
});

interface Holder {
  readonly name: string;
  /** Processes whose memory counts. */
  readonly pids: readonly number[];
  readonly load: (count: number) => Promise<void>;
  /** How many requests it holds, where it can be asked; garbage is collected then. */
  readonly held: () => Promise<number | undefined>;
  readonly end: () => Promise<unknown>;
}

const client = path.join(import.meta.dirname, 'peers/requests.ts');
async function ask(command: readonly string[], env: Readonly<Record<string, string>>, count: number): Promise<void> {
  const program = start(command, env);
  const answered = Number(await program.line());
  if (answered !== count) throw new Error(`${command.join(' ')}: ${answered} of ${count} were answered`);
  await program.end();
}
const line = async (program: Program): Promise<number> => {
  program.child.stdin!.write('\n');
  return Number(await program.line());
};

async function ours(server: number): Promise<Holder> {
  const daemon = await new Daemon(['--idle-exit', '0']).ready();
  const store = start([
    process.execPath,
    '--expose-gc',
    path.join(import.meta.dirname, 'peers/ours.ts'),
    daemon.socket,
  ]);
  await store.line();
  return {
    name: 'Flowtap: daemon, store and dissectors',
    pids: [daemon.pid, store.pid],
    load: (count) => ask([launcher, '--', process.execPath, client, String(server), String(count)], daemon.env, count),
    held: () => line(store),
    end: async () => {
      await store.end();
      await daemon.end();
    },
  };
}

/** In the folder that bench:proxy uses too. */
async function mockttp(server: number): Promise<Holder> {
  const folder = path.join(root, 'out/bench/peers');
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'bench/proxy/peers'), folder, { recursive: true });
  cpSync(path.join(import.meta.dirname, 'peers/mockttp.mjs'), path.join(folder, 'mockttp-holder.mjs'));
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  await runOrThrow('npm', ['install', ...quietly], { cwd: folder });
  const port = await freePort();
  const program = start(
    [process.execPath, '--expose-gc', path.join(folder, 'mockttp-holder.mjs'), String(port)],
    {},
    folder,
  );
  await program.line();
  return {
    name: 'mockttp 4.6.5, requests and responses held',
    pids: [program.pid],
    load: (count) => ask([process.execPath, client, String(server), String(count), String(port)], {}, count),
    held: () => line(program),
    end: () => program.end(),
  };
}

async function mitmweb(server: number, folder: string): Promise<Holder> {
  if (!which('mitmweb')) await installPackages('mitmweb', ['mitmproxy'], () => {});
  const [port, web] = [await freePort(), await freePort()];
  const where = [
    '--listen-host',
    '127.0.0.1',
    '--listen-port',
    String(port),
    '--web-host',
    '127.0.0.1',
    '--web-port',
    String(web),
  ];
  const program = start(['mitmweb', '-q', ...where, '--no-web-open-browser', '--set', `confdir=${folder}`]);
  await listening(port, program);
  return {
    name: 'mitmweb',
    pids: [program.pid],
    load: (count) => ask([process.execPath, client, String(server), String(count), String(port)], {}, count),
    held: () => Promise.resolve(undefined),
    end: () => program.end(),
  };
}

/** Kilobytes, once they no longer change. */
async function settled({ pids, held }: Holder): Promise<number> {
  await held();
  await delay(1500);
  return pids.reduce((sum, pid) => sum + memory(pid, 'VmRSS'), 0);
}

async function measure(holder: Holder): Promise<number> {
  try {
    await holder.load(warmUp);
    const before = await settled(holder);
    await holder.load(requests);
    for (let i = 0, count; (count = await holder.held()) !== undefined && count < requests + warmUp; i++) {
      if (i > 100) throw new Error(`${holder.name} holds ${count} of ${requests + warmUp} requests`);
      await delay(200);
    }
    return ((await settled(holder)) - before) * 1024;
  } finally {
    await holder.end();
  }
}

export async function peersPart(note: Note): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-peers-'));
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const say = (name: string, bytes: number): number => {
    note(`${name}: memory that ${requests.toLocaleString('en')} HTTP requests take, each`, `${(bytes / requests).toFixed(0)} B`); // prettier-ignore
    return bytes;
  };
  try {
    const mine = await ours(port);
    const own = say(mine.name, await measure(mine));
    const others: Holder[] = [];
    for (const make of [() => mitmweb(port, folder), () => mockttp(port)])
      try {
        others.push(await make());
      } catch (error) {
        note('Not measured', (error as Error).message.slice(-200).replaceAll(/[\n|]/g, ' '));
      }
    // Each of them has one thread: both at once take the time of the slower.
    const taken = await Promise.all(others.map(measure));
    others.forEach(({ name }, i) => say(name, taken[i]!));
    note('Ours as a part of the better of these', `1/${(Math.min(...taken) / own).toFixed(1)}`, '≤ 1/20');
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
