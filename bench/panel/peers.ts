// Memory per HTTP request that is held, beside mitmweb and mockttp: the same 50,000 requests to the same server, in the
// same run. Of a Node process counts what is in use after a collection of garbage, of the others their resident memory:
// how much more it is than after the first thousands. How much the resident memory of all grew is told too.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { installPackages } from '../../scripts/lib/setup/apt.mjs';
import { which } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run.mjs';
import { Daemon, launcher, root } from '../proxy/flowtap.ts';
import { freePort, listening, memory, start, type Program } from '../proxy/processes.ts';
import type { Note } from './report.ts';

const warmUp = 5_000;
/** Requests are made in such portions, until there are enough or time is up: some viewers take ever longer. */
const portion = 2_500;
/** The server of the sample answers the same. */
const body = '{"status":"ok"}\n';

interface Holder {
  readonly name: string;
  /** Processes that are not asked. */
  readonly pids: readonly number[];
  /** The one that is. */
  readonly asked?: Program;
  readonly load: (count: number) => Promise<void>;
  readonly end: () => Promise<unknown>;
}

/** A proxy may turn a few requests away when the machine is busy. */
const most = 0.99;
const client = path.join(import.meta.dirname, 'peers/requests.ts');
async function ask(command: readonly string[], env: Readonly<Record<string, string>>, count: number): Promise<void> {
  const program = start(command, env);
  const answered = Number(await program.line());
  if (answered < count * most) throw new Error(`${command.join(' ')}: ${answered} of ${count} were answered`);
  await program.end();
}
/** How many requests it holds, and the bytes in use; garbage is collected before. */
async function askHolder(program: Program): Promise<[held: number, used: number, payload: number]> {
  program.child.stdin!.write('\n');
  const [held, used, payload] = (await program.line()).split(' ').map(Number);
  return [held!, used!, payload ?? 0];
}

async function ours(server: number): Promise<Holder> {
  const daemon = await new Daemon(['--idle-exit', '0']).ready();
  // Bundled: Node's own compiler of TypeScript leaves megabytes that go at some time or other.
  const bundle = path.join(root, 'out/bench/ours.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'peers/ours.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const store = start([process.execPath, '--expose-gc', bundle, daemon.socket]);
  await store.line();
  return {
    name: 'Flowtap: daemon, store and dissectors',
    pids: [daemon.pid],
    asked: store,
    load: (count) => ask([launcher, '--', process.execPath, client, String(server), String(count)], daemon.env, count),
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
    pids: [],
    asked: program,
    load: (count) => ask([process.execPath, client, String(server), String(count), String(port)], {}, count),
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
    end: () => program.end(),
  };
}

interface Size {
  /** Requests that it took. */
  readonly requests: number;
  readonly used: number;
  /** Where it is known. */
  readonly payload: number;
  readonly resident: number;
}
/** Bytes, once all is quiet. */
async function sizeOf({ pids, asked }: Holder): Promise<Omit<Size, 'requests'>> {
  if (asked) await askHolder(asked);
  await delay(1500);
  const [, used, payload] = asked ? await askHolder(asked) : [0, 0, 0];
  const others = pids.reduce((sum, pid) => sum + memory(pid, 'VmRSS'), 0) * 1024;
  return { used: used + others, payload, resident: others + (asked ? memory(asked.pid, 'VmRSS') * 1024 : 0) };
}

async function measure(holder: Holder, requests: number, seconds: number): Promise<Size> {
  const { name, asked } = holder;
  try {
    await holder.load(warmUp);
    const before = await sizeOf(holder);
    let loaded = 0;
    for (const end = performance.now() + seconds * 1000; loaded < requests && performance.now() < end;) {
      const next = Math.min(portion, requests - loaded);
      await holder.load(next);
      loaded += next;
    }
    for (let i = 0; asked; i++) {
      const [held] = await askHolder(asked);
      if (held >= (loaded + warmUp) * most) break;
      if (i > 100) throw new Error(`${name} holds ${held} of ${loaded + warmUp} requests`);
      await delay(200);
    }
    const after = await sizeOf(holder);
    return {
      requests: loaded,
      used: after.used - before.used,
      payload: after.payload - before.payload,
      resident: after.resident - before.resident,
    };
  } finally {
    await holder.end();
  }
}

/** `seconds`: no more requests are made of one after that; what it holds by then counts. */
export async function peersPart(note: Note, wanted: number, seconds: number): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-peers-'));
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  /** Bytes that a request takes. */
  const say = (name: string, { used, resident, requests }: Size): number => {
    const each = (bytes: number): string => `${(bytes / requests).toFixed(0)} B`;
    const late = requests < wanted ? `; ${seconds} s were up before it had ${wanted.toLocaleString('en')}` : '';
    note(`${name}: memory that ${requests.toLocaleString('en')} HTTP requests take, each`, `${each(used)} (resident: ${each(resident)}${late})`); // prettier-ignore
    return used / requests;
  };
  try {
    const mine = await ours(port);
    const size = await measure(mine, wanted, seconds);
    const own = say(mine.name, size);
    const payload = size.payload / size.requests;
    note('… for this payload, which the store compresses: the requests are alike', `${payload.toFixed(0)} B`);
    const others: Holder[] = [];
    for (const make of [() => mitmweb(port, folder), () => mockttp(port)])
      try {
        others.push(await make());
      } catch (error) {
        note('Not measured', (error as Error).message.slice(-200).replaceAll(/[\n|]/g, ' '));
      }
    // Each of them has one thread: both at once take the time of the slower.
    const taken = await Promise.all(others.map((other) => measure(other, wanted, seconds)));
    const theirs = others.map(({ name }, i) => say(name, taken[i]!));
    if (theirs.length === 0) return;
    const better = Math.min(...theirs);
    note('Ours as a part of the better of these', `1/${(better / own).toFixed(1)}`, '≤ 1/20');
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
