// A network of the test's own that plays the host: loopback only, with routes that fail in every way. Needs no privilege.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { asRoot } from './daemon.ts';

/** Where connections fail, by the way they do. Each has an address of either family. */
export const nowhere = {
  unreachable: ['198.18.1.1', '2001:db8:1::1'],
  prohibit: ['198.18.2.1', '2001:db8:2::1'],
  throw: ['198.18.3.1', '2001:db8:3::1'],
  /** Nobody answers. Over IPv6 the loopback itself would. */
  silent: ['203.0.113.1'],
} as const;

const routes = `
ip link set lo up
ip addr add 10.9.0.1/32 dev lo
ip -6 addr add fd09::1/128 dev lo nodad
ip route add default dev lo src 10.9.0.1
ip -6 route add default dev lo src fd09::1
i=0
for kind in unreachable prohibit throw; do
  i=$((i + 1))
  ip route add $kind 198.18.$i.0/24
  ip -6 route add $kind 2001:db8:$i::/64
done
echo 1 > /proc/sys/net/ipv4/tcp_syn_retries`;

export class World {
  readonly #holder: ChildProcess;
  /** The command in front of another that runs it in there. */
  readonly enter: readonly string[];

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    const target = String(holder.pid);
    this.enter = asRoot
      ? ['nsenter', '-t', target, '-n', '--']
      : ['nsenter', '-t', target, '-U', '--preserve-credentials', '-n', '--'];
  }

  /** Why there can be none here. */
  static missing(): string | undefined {
    const tried = spawnSync('unshare', [asRoot ? '-n' : '-Urn', 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
    return tried.status === 0
      ? undefined
      : `no network of our own (unshare, ip): ${tried.error?.message ?? tried.stderr}`;
  }

  /** `more`: shell commands, after the routes are there. */
  static async make(more = ''): Promise<World> {
    const script = `set -e\n${routes}\n${more}\necho ready; exec cat`;
    // Ends with its standard input, so with this process at the latest.
    const holder = spawn('unshare', [asRoot ? '-n' : '-Urn', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'pipe'] });
    let trouble = '';
    holder.stderr.on('data', (piece) => (trouble += String(piece)));
    const [first] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')])) as [unknown];
    assert.equal(String(first), 'ready\n', trouble);
    return new World(holder);
  }

  async end(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    this.#holder.kill('SIGKILL');
    await once(this.#holder, 'close');
  }
}
