// The built command line with the real daemon and launcher, as an ordinary user where the tests run as root.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FlowJson } from '../../src/flow/json.ts';
import { programsIn } from '../../src/proxy/paths.ts';
import { skipFor } from '../support/daemon.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
const programs = programsIn(path.join(root, 'dist'));
const ordinaryUid = 1000;

interface Result {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Why the tests cannot run here. */
function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the daemon runs on Linux';
  for (const file of [cli, programs.daemon, programs.launcher, programs.addon])
    if (!fs.existsSync(file)) return `${path.relative(root, file)} is not built`;
  if (spawnSync('curl', ['--version']).status !== 0) return 'curl is not installed';
  const check = spawnSync(programs.launcher, ['--check'], { encoding: 'utf8' });
  if (!/"mode":"(tproxy|redirect)"/.test(check.stdout))
    return `captures are impossible: ${check.stdout}${check.stderr}`;
  return undefined;
}

describe('flowtap with the real proxy', function () {
  this.timeout(60_000);
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  const children: ChildProcess[] = [];
  const server = http.createServer(answer);
  /** What the server counted on each connection, in the order they ended. */
  const connections: { read: number; written: number }[] = [];
  let port = 0;

  before(async function () {
    skipFor(this, missing());
    server.on('connection', (socket: Socket) =>
      socket.on('close', () => connections.push({ read: socket.bytesRead, written: socket.bytesWritten })),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-e2e-'));
    env = { ...process.env, HOME: folder, FLOWTAP_RUNTIME_DIR: path.join(folder, 'run') };
    if (asRoot) fs.chownSync(folder, ordinaryUid, ordinaryUid);
    connections.length = 0;
  });
  afterEach(async () => {
    for (const child of children.splice(0))
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await flowtap(['stop']);
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const [, what, size] = (request.url ?? '').split('/');
    if (what === 'slow') {
      response.write('first');
      return; // until somebody hangs up
    }
    request.resume().on('end', () => response.end('x'.repeat(Number(size ?? 0))));
  }

  const asRoot = process.getuid?.() === 0;
  /** The command line in a session of its own, so that no terminal is in play. */
  function start(
    args: readonly string[],
    options: { node?: string; cwd?: string; script?: string; root?: boolean; file?: string } = {},
  ): ChildProcess {
    const command = options.file
      ? [options.file, ...args]
      : [options.node ?? process.execPath, options.script ?? cli, ...args];
    const ordinary = ['setpriv', `--reuid=${ordinaryUid}`, `--regid=${ordinaryUid}`, '--clear-groups', '--'];
    const [file, ...rest] = asRoot && !options.root ? [...ordinary, ...command] : command;
    const child = spawn(file!, rest, {
      env,
      cwd: options.cwd ?? folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    children.push(child);
    return child;
  }
  async function flowtap(
    args: readonly string[],
    options: Parameters<typeof start>[1] & { stdin?: string } = {},
  ): Promise<Result> {
    const child = start(args, options);
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', (s: string) => (text[name] += s));
    child.stdin!.on('error', () => {});
    child.stdin!.end(options.stdin ?? '');
    const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { status, signal, ...text };
  }
  /** Resolves once what a stream said matches. */
  function said(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      stream.on('data', (piece) => {
        text += String(piece);
        if (pattern.test(text)) resolve(text);
      });
      stream.once('end', () => reject(new Error(`ended without ${pattern}: ${text}`)));
    });
  }
  const url = (what: string): string => `http://127.0.0.1:${port}/${what}`;
  const flowsIn = (text: string): FlowJson[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as FlowJson);
  const flowsOf = (file: string): FlowJson[] => flowsIn(fs.readFileSync(file, 'utf8'));
  const daemonPid = async (): Promise<number> =>
    (JSON.parse((await flowtap(['status', '--json'])).stdout) as { proxy: { pid: number } }).proxy.pid;

  /** A process that ended and that nobody has asked about yet does not run. */
  function runs(pid: number): boolean {
    try {
      return !/^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  }

  it('says by which mode a command was captured, and what that cannot see', async () => {
    const best = await flowtap(['run', '--', 'curl', '-s', '-o', 'body', url('bytes/1')]);
    assert.match(best.stderr, /^Captured in the mode (tproxy|redirect)\. Not seen: Only programs that were started/m);
    if (spawnSync('unshare', ['--version']).status !== 0) return;
    // A system that makes no network namespaces.
    const command = [process.execPath, cli, 'run', '--', 'curl', '-s', '-o', 'body', url('bytes/1')].join(' ');
    const forbid = `echo 0 > /proc/sys/user/max_net_namespaces && exec ${command}`;
    const child = start(['--user', '--map-current-user', '--keep-caps', 'sh', '-c', forbid], { file: 'unshare' });
    let told = '';
    child.stderr!.on('data', (piece) => (told += String(piece)));
    assert.equal((await once(child, 'close'))[0], 0, told);
    assert.match(told, /^Captured in the mode explicit\. Not seen: .*Only programs that obey http_proxy/m);
    assert.match(told, /^curl .*127\.0\.0\.1/m);
  });

  it('shows one curl as one flow, with exact counts', async () => {
    const file = path.join(folder, 'out.ndjson');
    const result = await flowtap([
      'run',
      '--json',
      file,
      '--',
      'sh',
      '-c',
      `echo $$; exec curl -s -o body ${url('bytes/54321')}`,
    ]);
    assert.deepEqual([result.status, result.stderr], [0, '']);
    const [flow, ...others] = flowsOf(file);
    assert.ok(flow);
    assert.equal(others.length, 0);
    const { id, source, destination, openedAt, closedAt, application, ...rest } = flow;
    assert.deepEqual(rest, {
      protocol: 'tcp',
      process: { pid: Number(result.stdout), name: 'curl', path: fs.realpathSync('/usr/bin/curl') },
      bytesUp: connections[0]?.read,
      bytesDown: connections[0]?.written,
      state: 'closed',
      reason: 'eof',
    });
    assert.equal(id, 1);
    assert.deepEqual([destination.address, destination.port], ['127.0.0.1', port]);
    assert.match(application?.summary ?? '', /GET \/bytes\/54321/);
    assert.ok(source.port > 0);
    assert.ok(flow.bytesDown > 54_321);
    assert.match(openedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(closedAt && closedAt > openedAt);
    assert.equal(fs.statSync(path.join(folder, 'body')).size, 54_321);
  });

  it('sums a run up on standard error, and leaves standard output to the command', async () => {
    const result = await flowtap(['run', 'curl', '-s', url('bytes/10')]);
    assert.equal(result.stdout, 'x'.repeat(10));
    assert.match(result.stderr, /1 flow, \d+ B up, \d+ B down\nPROCESS .*\ncurl +\d+ +tcp +127\.0\.0\.1:\d+ .* eof\n/);
  });

  it('leaves standard input and output untouched', async () => {
    const text = 'a\0b\n'.repeat(1000);
    const result = await flowtap(['run', '--json', path.join(folder, 'j'), '--', 'cat'], { stdin: text });
    assert.deepEqual([result.status, result.stdout, result.stderr], [0, text, '']);
  });

  for (const [command, status] of [
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -TERM $$'], 128 + 15],
    [['there-is-no-such-command'], 127],
    [['/etc/passwd'], 126],
  ] as const)
    it(`ends with ${status} after ${command.join(' ')}`, async () => {
      const result = await flowtap(['run', '--', ...command]);
      assert.equal(result.status, status);
      if (status >= 126 && status < 128) assert.match(result.stderr, new RegExp(command[0].replaceAll('/', '.')));
    });

  it('ends with 125 where the capture cannot start, and says why and what to do', async () => {
    const unwritable = await flowtap(['run', '--json', '/proc/no/file', '--', 'true']);
    assert.equal(unwritable.status, 125);
    assert.match(unwritable.stderr, /\/proc\/no\/file.*\n.*another file/);
    fs.mkdirSync(path.join(folder, 'run'), { mode: 0o755 });
    if (asRoot) fs.chownSync(path.join(folder, 'run'), ordinaryUid, ordinaryUid);
    fs.chmodSync(path.join(folder, 'run'), 0o777);
    const open = await flowtap(['run', '--', 'true']);
    assert.equal(open.status, 125);
    assert.match(open.stderr, /run/);
    fs.chmodSync(path.join(folder, 'run'), 0o700);
    assert.equal((await flowtap(['run', '--nonsense', 'true'])).status, 125);
    assert.equal((await flowtap(['run'])).status, 125);
  });

  it('tells 200 curls at the same time apart', async () => {
    const file = path.join(folder, 'out.ndjson');
    const script = `for i in $(seq 200); do sh -c 'echo $$; exec curl -s -o /dev/null --retry 3 "$0"' ${url('bytes/100')} & done; wait`;
    const result = await flowtap(['run', '--json', file, '--', 'sh', '-c', script]);
    assert.equal(result.status, 0);
    const flows = flowsOf(file);
    const pids = result.stdout.trim().split('\n').map(Number);
    assert.equal(pids.length, 200);
    assert.deepEqual(new Set(flows.map((f) => f.process.pid)), new Set(pids));
    assert.deepEqual([flows.length, new Set(pids).size], [200, 200]);
    for (const flow of flows) assert.deepEqual([flow.process.name, flow.reason], ['curl', 'eof']);
    const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    assert.equal(total(flows.map((f) => f.bytesDown)), total(connections.map((c) => c.written)));
    assert.equal(total(flows.map((f) => f.bytesUp)), total(connections.map((c) => c.read)));
  });

  it('shows a flow that goes on after the command as open', async () => {
    const file = path.join(folder, 'out.ndjson');
    const script = `curl -s -N -o /dev/null ${url('slow')} > /dev/null 2>&1 & sleep 0.3; echo $!`;
    const result = await flowtap(['run', '--json', file, '--', 'sh', '-c', script]);
    assert.equal(result.status, 0);
    const [flow] = flowsOf(file);
    assert.deepEqual([flow?.state, flow?.reason, flow?.closedAt], ['open', undefined, undefined]);
    process.kill(Number(result.stdout));
  });

  it('passes signals on to the command, and ends as it does', async () => {
    const child = start(['run', '--', 'sh', '-c', 'trap "exit 42" INT; echo ready; while :; do sleep 0.1; done']);
    await said(child.stdout!, /ready/);
    child.kill('SIGINT');
    const [status] = (await once(child, 'exit')) as [number];
    assert.equal(status, 42);
  });

  it('tells the command to end where it is killed itself', async () => {
    const child = start(['run', '--', 'sh', '-c', 'trap "echo told; exit" TERM; echo $$; while :; do sleep 0.1; done']);
    const told = said(child.stdout!, /told/);
    const pid = Number.parseInt(await said(child.stdout!, /\d+\n/), 10);
    assert.ok(runs(pid));
    child.kill('SIGKILL');
    await told;
    while (runs(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('writes what it saw to a file that only its user can read', async () => {
    const file = path.join(folder, 'private.ndjson');
    assert.equal((await flowtap(['run', '--json', file, '--', 'true'])).status, 0);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('survives a reader that leaves', async () => {
    const script = `"$0" "$1" run --json - -- sh -c 'head -c 300000 /dev/zero; curl -s -o /dev/null ${url('bytes/1')}; exit 3' | true`;
    const child = start(['-c', script, process.execPath, cli], { node: '/bin/sh', script: '-e' });
    let stderr = '';
    child.stderr!.on('data', (s) => (stderr += String(s)));
    await once(child, 'close');
    assert.ok(!/EPIPE|at .*:\d+:\d+/.test(stderr), stderr);
  });

  it('says that the proxy was killed, and works again after it', async () => {
    const file = path.join(folder, 'out.ndjson');
    const watching = start(['watch']);
    const watched = said(watching.stderr!, /watching: [^]*connection to the proxy broke[^]*watching: /);
    await said(watching.stdout!, /PROCESS/);
    const child = start(['run', '--json', file, '--', 'curl', '-s', '-N', '--max-time', '20', url('slow')]);
    const complaint = said(child.stderr!, /connection to the proxy broke/);
    await said(child.stdout!, /first/);
    process.kill(await daemonPid(), 'SIGKILL');
    await complaint;
    const [status] = (await once(child, 'exit')) as [number];
    assert.notEqual(status, 0);
    const [flow, ...others] = flowsOf(file);
    assert.deepEqual([flow?.process.name, flow?.reason, others.length], ['curl', 'lost', 0]);
    const again = await flowtap(['run', '--', 'curl', '-s', '-o', '/dev/null', url('bytes/1')]);
    assert.equal(again.status, 0);
    assert.match(again.stderr, /1 flow/);
    await watched;
    watching.kill('SIGINT');
    assert.equal(((await once(watching, 'exit')) as [number])[0], 0);
  });

  it('watches flows of other runs, as lines and as JSON', async () => {
    const lines = start(['watch']);
    const json = start(['watch', '--json']);
    const seenLine = said(lines.stdout!, /curl .* open\n[^]*curl .* eof\n/);
    const seenJson = said(json.stdout!, /"reason":"eof".*\n/);
    await Promise.all([said(lines.stderr!, /watching/), said(json.stderr!, /watching/)]);
    const run = await flowtap([
      'run',
      '--json',
      path.join(folder, 'j'),
      '--',
      'curl',
      '-s',
      '-N',
      '-m',
      '1',
      url('slow'),
    ]);
    assert.equal(run.status, 28);
    await flowtap(['run', '--json', path.join(folder, 'j'), '--', 'curl', '-s', '-o', '/dev/null', url('bytes/5')]);
    assert.equal(flowsIn(await seenJson).at(-1)?.destination.port, port);
    await seenLine;
    for (const child of [lines, json]) {
      child.kill('SIGINT');
      assert.equal(((await once(child, 'exit')) as [number])[0], 0);
    }
  });

  it('starts, tells the status and stops', async () => {
    const status = async (): Promise<[number | null, string]> => {
      const { status: code, stdout } = await flowtap(['status', '--json']);
      return [code, (JSON.parse(stdout) as { state: string }).state];
    };
    assert.deepEqual(await status(), [3, 'stopped']);
    assert.match((await flowtap(['start'])).stdout, /^The proxy runs: pid \d+, version .*, mode tproxy\.\n$/);
    assert.deepEqual(await status(), [0, 'running']);
    const pid = await daemonPid();
    assert.equal((await flowtap(['start'])).status, 0);
    assert.equal(await daemonPid(), pid);
    assert.match((await flowtap(['status'])).stdout, /The proxy runs\.\n {2}Process +\d+/);
    assert.equal((await flowtap(['stop'])).stdout, 'The proxy has stopped.\n');
    assert.deepEqual(await status(), [3, 'stopped']);
    assert.equal((await flowtap(['stop'])).stdout, 'No proxy was running.\n');
    for (let i = 0; runs(pid); i++) {
      assert.ok(i < 100, 'the daemon has ended');
      await delay(20);
    }
  });

  it('runs from any folder, through a link, and on another Node', async () => {
    const link = path.join(folder, 'flowtap');
    fs.symlinkSync(cli, link);
    const nodes = ['/usr/bin/node', '/usr/local/bin/node'].filter((node) => {
      const { stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
      return Number.parseInt(stdout ?? '0') >= 20;
    });
    for (const node of [process.execPath, ...nodes]) {
      const result = await flowtap(['run', '--', 'curl', '-s', url('bytes/3')], { node, cwd: '/', script: link });
      assert.deepEqual([result.status, result.stdout], [0, 'xxx'], node);
    }
  });
});
