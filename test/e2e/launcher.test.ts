// The launcher with the real daemon, as root and as an ordinary user: whose flows they are, and what is left when parts
// of it are killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FlowJson } from '../../src/flow/json.ts';
import { programsIn } from '../../src/proxy/paths.ts';
import { skipFor } from '../support/daemon.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
/** A process that nobody has waited for yet has closed everything too. */
const hasEnded = (pid: number): boolean => {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return true;
  }
};
const { launcher, daemon, addon } = programsIn(path.join(root, 'dist'));
const asRoot = process.getuid?.() === 0;
const ordinaryUid = 1000;

/** Why the tests cannot run here. */
function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the launcher is for Linux';
  for (const file of [cli, launcher, daemon, addon])
    if (!fs.existsSync(file)) return `${path.relative(root, file)} is not built`;
  if (!fs.existsSync('/bin/bash')) return 'the captured programs are bash scripts, and there is no /bin/bash';
  const check = spawnSync(launcher, ['--check'], { encoding: 'utf8' });
  return check.stdout.includes('"mode":"tproxy"') ? undefined : `TPROXY does not work: ${check.stdout}${check.stderr}`;
}

for (const user of asRoot ? ['root', 'ordinary user'] : ['ordinary user'])
  describe(`flowtap-run with the real daemon, as ${user}`, function () {
    this.timeout(60_000);
    let folder = '';
    let env: NodeJS.ProcessEnv = {};
    let children: ChildProcess[] = [];
    /** Network namespaces that a test left to themselves. */
    let networks: string[] = [];
    /** How many connections each process says it made. */
    const claims = new Map<number, number>();
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.once('data', (data) => {
        const pid = Number(data);
        claims.set(pid, (claims.get(pid) ?? 0) + 1);
        socket.write('seen\n');
      });
      socket.on('end', () => socket.end());
    });
    let port = 0;

    before(async function () {
      skipFor(this, missing());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    });
    after(() => void server.close());
    beforeEach(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-e2e-'));
      env = { ...process.env, HOME: folder, FLOWTAP_RUNTIME_DIR: path.join(folder, 'run') };
      if (user !== 'root' && asRoot) fs.chownSync(folder, ordinaryUid, ordinaryUid);
      children = [];
      networks = [];
      claims.clear();
    });
    afterEach(async () => {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      for (const pid of networks.flatMap(inhabitants)) process.kill(pid, 'SIGKILL');
      for (const socket of sockets) socket.destroy();
      await run([process.execPath, cli, 'stop']);
      fs.rmSync(folder, { recursive: true, force: true });
    });

    function start(command: readonly string[]): ChildProcess {
      const ordinary = ['setpriv', `--reuid=${ordinaryUid}`, `--regid=${ordinaryUid}`, '--clear-groups', '--'];
      const [file, ...args] = user !== 'root' && asRoot ? [...ordinary, ...command] : command;
      const child = spawn(file!, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      return child;
    }
    async function run(command: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
      const child = start(command);
      const text = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name]!.setEncoding('utf8').on('data', (piece: string) => (text[name] += piece));
      const [status] = (await once(child, 'close')) as [number | null];
      return { status, ...text };
    }
    /** Runs a script captured; the flows that were seen, and what it printed. */
    async function captured(command: readonly string[]): Promise<{ flows: FlowJson[]; stdout: string }> {
      const file = path.join(folder, 'flows.ndjson');
      const { status, stdout, stderr } = await run([process.execPath, cli, 'run', '--json', file, '--', ...command]);
      assert.deepEqual([status, stderr], [0, '']);
      const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
      return { flows: lines.map((line) => JSON.parse(line) as FlowJson), stdout };
    }
    const bash = (script: string): string[] => ['/bin/bash', '-c', script];
    /** Connects, tells the own pid, and waits until that was read. */
    const talk = (): string => `exec 3<>/dev/tcp/127.0.0.1/${port}; echo $BASHPID >&3; read -r answer <&3; exec 3>&-`;

    async function status(): Promise<{ pid: number; captures: number; flows: { live: number } }> {
      const { stdout } = await run([process.execPath, cli, 'status', '--json']);
      return (JSON.parse(stdout) as { proxy: { pid: number; captures: number; flows: { live: number } } }).proxy;
    }
    async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
      for (let i = 0; i < 400; i++) {
        if (await condition()) return;
        await delay(25);
      }
      assert.fail(`never: ${what}`);
    }
    const network = (pid: number): string => fs.readlinkSync(`/proc/${pid}/ns/net`);
    /** The processes of a network namespace. */
    const inhabitants = (name: string): number[] =>
      fs
        .readdirSync('/proc')
        .map(Number)
        .filter((pid) => {
          try {
            return pid > 0 && network(pid) === name;
          } catch {
            return false;
          }
        });

    it('names the process of each of 1,000 connections from 100 processes', async () => {
      const { flows } = await captured(
        bash(`for i in {1..100}; do ( for j in {1..10}; do ${talk()}; done ) & done; wait`),
      );
      const seen = new Map<number, number>();
      for (const { process: of } of flows) seen.set(of.pid, (seen.get(of.pid) ?? 0) + 1);
      assert.equal(flows.length, 1000);
      assert.equal(claims.size, 100);
      assert.deepEqual(seen, claims);
    });

    it('names processes that are gone before their connection is accepted', async function () {
      if (!(await run([launcher, '--check'])).stdout.includes('"holds":true')) {
        console.log('    skipped: this kernel cannot hold packets (neither nft_queue nor nft_compat with xt_NFQUEUE)');
        return this.skip();
      }
      const send = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo $BASHPID >&3`;
      const { flows } = await captured(bash(`for i in {1..200}; do ( ${send} ) & done; wait`));
      assert.equal(flows.length, 200);
      const unseen = (): FlowJson[] => flows.filter((flow) => !claims.has(flow.process.pid));
      await eventually('the server has seen all', () => claims.size === 200).catch(() => {
        assert.deepEqual(unseen(), [], `the server has seen ${claims.size} of ${flows.length}`);
      });
      const seen = flows.map((flow) => flow.process.pid);
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        [...claims.keys()].sort((a, b) => a - b),
      );
    });

    it('calls node node, whatever it calls its main thread', async () => {
      const script = `require('net').connect(${port}, '127.0.0.1').on('data', (d) => process.exit()).write(process.pid + '')`;
      const { flows } = await captured(bash(`${process.execPath} -e "${script}"; true`));
      assert.deepEqual(
        flows.map((flow) => flow.process),
        [{ pid: [...claims.keys()][0], name: 'node', path: fs.realpathSync(process.execPath) }],
      );
    });

    it('reaches a server inside and one outside by the same localhost', async () => {
      const serve = `require('net').createServer((s) => s.end('inside')).listen(0, '127.0.0.1', function () {
        require('net').connect(this.address().port, '127.0.0.1').on('data', (d) => { console.log(String(d)); process.exit(); }); })`;
      const { flows, stdout } = await captured(bash(`"${process.execPath}" -e "${serve}"; ${talk()}; echo $answer`));
      assert.equal(stdout, 'inside\nseen\n');
      assert.deepEqual(
        flows.map((flow) => flow.destination.port),
        [port],
      );
    });

    it('keeps the user’s id and gives no capability', async () => {
      const { stdout } = await captured(bash('id -u; grep CapEff /proc/self/status'));
      const [uid, capabilities] = stdout.split('\n');
      assert.equal(uid, user === 'root' ? '0' : asRoot ? String(ordinaryUid) : String(process.getuid?.()));
      if (user !== 'root') assert.match(capabilities ?? '', /^CapEff:\t0+$/);
    });

    it('leaves nothing when the captured programs are killed', async () => {
      const child = start([
        launcher,
        '--',
        ...bash(`sleep 1000 & ${talk()}; exec 3<>/dev/tcp/127.0.0.1/${port}; sleep 1001; true`),
      ]);
      await eventually('the connections are there', () => claims.size === 1 && sockets.size === 1);
      const name = network(child.pid!);
      networks.push(name);
      await eventually('the shell and its two sleeps run', () => inhabitants(name).length === 3);
      child.kill('SIGKILL');
      await once(child, 'exit');
      // The two sleeps go on, captured.
      assert.equal(inhabitants(name).length, 2);
      assert.equal((await status()).captures, 1);
      for (const pid of inhabitants(name)) process.kill(pid, 'SIGKILL');
      await eventually('the server sees the end', () => sockets.size === 0);
      await eventually('the proxy has forgotten', async () => {
        const { captures, flows } = await status();
        return captures === 0 && flows.live === 0;
      });
    });

    it('cuts the programs off when the daemon is killed, and says so inside', async () => {
      const again = `${launcher} -- true; echo $?`;
      const gone = path.join(folder, 'gone');
      const child = start([
        launcher,
        '--',
        // The kernel closes what a killed daemon had one by one: until then a connection can still be accepted, and reset.
        ...bash(
          `${talk()}; exec 3<>/dev/tcp/127.0.0.1/${port}; read x <&3; while [ ! -e ${gone} ]; do sleep 0.02; done; (${talk()}); ${again}`,
        ),
      ]);
      let text = '';
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (piece) => (text += String(piece)));
      await eventually('the second connection is there', () => claims.size === 1 && sockets.size === 1);
      const name = network(child.pid!);
      networks.push(name);
      const { pid } = await status();
      process.kill(pid, 'SIGKILL');
      await eventually('the daemon is gone', () => hasEnded(pid));
      fs.writeFileSync(gone, '');
      await once(child, 'close');
      assert.match(text, /Connection refused/);
      assert.deepEqual([...claims.values()], [1]); // nothing goes round the capture
      assert.match(text, /The proxy of this captured shell has ended.*open a new shell\n125\n$/);
      await eventually('the server sees the end', () => sockets.size === 0);
      assert.deepEqual(inhabitants(name), []);

      const { flows } = await captured(bash(talk()));
      assert.equal(flows.length, 1);
    });
  });
