// What is measured. One entry adds one.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Daemon, launcher, root } from './flowtap.ts';
import { family, freePort, listening, start, type Program } from './processes.ts';

/** Where bench-load connects to, and how. */
export interface Running {
  /** Its process; 0 where there is none. */
  readonly pid: number;
  readonly to: number;
  readonly through?: 'socks5' | 'connect';
  /** In front of bench-load, with these variables. */
  readonly wrap?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  end(): Promise<unknown>;
}
export interface Peer {
  readonly name: string;
  readonly title: string;
  /** A program that must be there. */
  readonly needs?: string;
  /** Far slower than the others: fewer connections at a time. */
  readonly slow?: boolean;
  /** Is compared with others of ours only. */
  readonly variant?: boolean;
  start(server: number, folder: string): Promise<Running>;
}

async function serve(port: number, command: readonly string[], cwd?: string): Promise<Program> {
  const program = start(command, {}, cwd);
  await listening(port, program);
  return program;
}

function haproxy(name: string, title: string, globals: string, options: string): Peer {
  return {
    name,
    title,
    needs: 'haproxy',
    async start(server, folder) {
      const port = await freePort();
      const file = path.join(folder, `${name}.cfg`);
      writeFileSync(
        file,
        `global\n  nbthread 1\n  maxconn 4000\n${globals}\ndefaults\n  mode tcp\n  timeout connect 5s\n` +
          `  timeout client 120s\n  timeout server 120s\nlisten l\n  bind 127.0.0.1:${port} backlog 4096\n${options}\n` +
          `  server s 127.0.0.1:${server}\n`,
      );
      const program = await serve(port, ['haproxy', '-f', file, '-db']);
      return { pid: program.pid, to: port, end: () => program.end() };
    },
  };
}

function nginx(name: string, title: string, buffer: string): Peer {
  return {
    name,
    title,
    needs: 'nginx',
    async start(server, folder) {
      const port = await freePort();
      const file = path.join(folder, `${name}.conf`);
      writeFileSync(
        file,
        `load_module /usr/lib/nginx/modules/ngx_stream_module.so;\nworker_processes 1; daemon off;\n` +
          `pid ${folder}/${name}.pid; error_log ${folder}/${name}.log;\nevents { worker_connections 8192; }\n` +
          `stream { server { listen 127.0.0.1:${port} backlog=4096; proxy_pass 127.0.0.1:${server};\n` +
          `  proxy_buffer_size ${buffer}; tcp_nodelay on; } }\n`,
      );
      const program = await serve(port, ['nginx', '-c', file, '-p', folder]);
      return { pid: program.pid, to: port, end: () => program.end() };
    },
  };
}

interface Ours {
  /** Arguments of its subscriber; none: nobody subscribes. */
  readonly subscriber?: readonly string[];
  /** Further processes in the captured namespace: with one alone, there is nothing to look up. */
  readonly company?: boolean;
}
function flowtap(name: string, title: string, { subscriber, company }: Ours, variant = true): Peer {
  const inCompany = ['sh', '-c', 'sleep 100 >/dev/null 2>&1 & "$@"; kill $!', 'sh'];
  return {
    name,
    title,
    variant,
    async start(server) {
      const daemon = await new Daemon(['--idle-exit', '0']).ready();
      if (subscriber) await daemon.subscriber(subscriber);
      const wrap = [launcher, '--mode', 'tproxy', '--', ...(company ? inCompany : [])];
      return { pid: daemon.pid, to: server, wrap, env: daemon.env, end: () => daemon.end() };
    },
  };
}

export const peers: readonly Peer[] = [
  { name: 'raw', title: 'no proxy', start: async (server) => ({ pid: 0, to: server, end: async () => {} }) },
  flowtap(
    'flowtap',
    'Flowtap: TPROXY, 16 KiB bodies, attribution, a subscriber',
    { subscriber: [], company: true },
    false,
  ),
  flowtap('flowtap-single', 'Flowtap, one process captured (nothing to look up)', { subscriber: [] }),
  flowtap('flowtap-alone', 'Flowtap, nobody subscribed', { company: true }),
  flowtap('flowtap-slow', 'Flowtap, a subscriber that reads a byte a second', {
    subscriber: ['--pace', '1'],
    company: true,
  }),
  flowtap('flowtap-stopped', 'Flowtap, a subscriber that has stopped reading', {
    subscriber: ['--pace', '0'],
    company: true,
  }),
  haproxy('haproxy', 'HAProxy', '', ''),
  haproxy('haproxy-splice', 'HAProxy, splice', '', '  option splice-request\n  option splice-response'),
  haproxy('haproxy-512k', 'HAProxy, 512 KiB buffers', '  tune.bufsize 524288', ''),
  nginx('nginx-64k', 'nginx stream, 64 KiB buffers', '64k'),
  nginx('nginx-512k', 'nginx stream, 512 KiB buffers', '512k'),
  {
    name: 'mitmproxy',
    title: 'mitmproxy, raw TCP',
    needs: 'mitmdump',
    slow: true,
    async start(_server, folder) {
      const port = await freePort();
      const confdir = path.join(folder, 'mitmproxy');
      mkdirSync(confdir, { recursive: true });
      const options = ['connection_strategy=lazy', 'flow_detail=0', `confdir=${confdir}`].flatMap((o) => ['--set', o]);
      const where = ['--mode', 'socks5', '--listen-host', '127.0.0.1', '--listen-port', String(port)];
      const program = await serve(port, ['mitmdump', '-q', ...where, '--tcp-hosts', '.*', ...options]);
      return { pid: program.pid, to: port, through: 'socks5', end: () => program.end() };
    },
  },
  {
    name: 'mockttp',
    title: 'mockttp, raw TCP',
    slow: true,
    async start() {
      const port = await freePort();
      const folder = path.join(root, 'out/bench/peers');
      const program = await serve(port, [process.execPath, path.join(folder, 'mockttp.mjs'), String(port)], folder);
      return { pid: program.pid, to: port, through: 'connect', end: () => program.end() };
    },
  },
];

/** The processes whose CPU time counts. */
export const watched = (running: Running): number[] => (running.pid ? family(running.pid) : []);
