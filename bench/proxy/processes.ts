// Programs under measurement: started in process groups of their own, ended with this process, and looked at in /proc.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) endGroup(child, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // It is gone.
  }
}

export interface Program {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote on standard error, its end only. */
  errors(): string;
  /** The next line on standard output. */
  line(): Promise<string>;
  /** Ends it and resolves to the rest of its standard output. */
  end(signal?: NodeJS.Signals): Promise<string>;
}

export function start(command: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string): Program {
  const [file, ...args] = command;
  const child = spawn(file!, args, { env: { ...process.env, ...env }, cwd, detached: true, stdio: 'pipe' });
  started.add(child);
  let errors = '';
  let output = '';
  let wake = (): void => {};
  child.on('error', (e) => (errors += e.message));
  child.stdin.on('error', () => {});
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    wake();
  });
  const closed = once(child, 'close').then(() => {
    started.delete(child);
    wake();
  });
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    pid: child.pid ?? 0,
    child,
    errors: () => errors,
    async line() {
      while (!output.includes('\n')) {
        if (over()) throw new Error(`${command.join(' ')} ended: ${errors || output}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      const at = output.indexOf('\n');
      const line = output.slice(0, at);
      output = output.slice(at + 1);
      return line;
    },
    async end(signal = 'SIGTERM') {
      endGroup(child, signal);
      const late = setTimeout(() => endGroup(child, 'SIGKILL'), 10_000);
      await closed;
      clearTimeout(late);
      return output;
    },
  };
}

/** Runs a program to its end; resolves to its standard output. */
export async function output(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const program = start(command, env);
  const late = setTimeout(() => endGroup(program.child, 'SIGKILL'), 90_000);
  let text = '';
  program.child.stdout!.on('data', (piece: string) => (text += piece));
  const [code] = (await once(program.child, 'close')) as [number | null];
  clearTimeout(late);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${program.errors()}`);
  return text;
}

/** A process and those that it started. */
export function family(pid: number): number[] {
  const all = [pid];
  for (const parent of all)
    for (const thread of existsSync(`/proc/${parent}/task`) ? readdirSync(`/proc/${parent}/task`) : [])
      all.push(
        ...readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
      );
  return all;
}

/** Kilobytes of a line of /proc/PID/status, of a whole family. */
export function memory(pid: number, line: 'VmRSS' | 'VmHWM' | 'RssAnon'): number {
  let sum = 0;
  for (const each of family(pid)) {
    const status = readFileSync(`/proc/${each}/status`, 'utf8');
    sum += Number(new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  }
  return sum;
}

/** The peak is counted anew from now on. */
export function forgetPeak(pid: number): void {
  for (const each of family(pid)) writeFileSync(`/proc/${each}/clear_refs`, '5');
}

export const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** A port of the loopback interface that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until somebody listens there. */
export async function listening(port: number, program: Program): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (program.child.exitCode !== null) throw new Error(`it ended: ${program.errors()}`);
    const socket = net.connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await delay(50);
  }
  throw new Error(`nobody listens on port ${port}: ${program.errors()}`);
}
