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

/** What a router says of an address behind it, by the kind of route that it has; and one that it knows nothing of. */
export const beyondRouter = {
  unreachable: ['198.19.1.1', '2001:db8:11::1'],
  prohibit: ['198.19.2.1', '2001:db8:12::1'],
  unknown: ['198.19.3.1', '2001:db8:13::1'],
  /** In a network of the router's own, where nobody has the address. It takes the router some seconds to find out. */
  absent: ['198.19.4.1', '2001:db8:14::1'],
} as const;

/** For World.make(): another network behind a router, which answers by ICMP and ICMPv6. Ends with the world. */
export const router = `
exec 3<&0
unshare -n cat <&3 &
router=$!
while [ "$(readlink /proc/$router/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add out0 type veth peer name in0 netns $router
nsenter -t $router -n sh -ec '
  ip link set lo up
  ip link set in0 up
  ip addr add 10.8.0.2/24 dev in0
  ip -6 addr add fd08::2/64 dev in0 nodad
  for file in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 > /proc/sys/net/$file; done
  for file in ipv4/icmp_ratelimit ipv6/icmp/ratelimit; do echo 0 > /proc/sys/net/$file; done
  ip route add unreachable 198.19.1.0/24
  ip route add prohibit 198.19.2.0/24
  ip -6 route add unreachable 2001:db8:11::/64
  ip -6 route add prohibit 2001:db8:12::/64
  ip link add side0 type veth peer name side1
  ip link set side0 up
  ip link set side1 up
  ip addr add 198.19.4.254/24 dev side0
  ip -6 addr add 2001:db8:14::fe/64 dev side0 nodad'
ip link set out0 up
ip addr add 10.8.0.1/24 dev out0
ip -6 addr add fd08::1/64 dev out0 nodad
ip route add 198.19.0.0/16 via 10.8.0.2
ip -6 route add 2001:db8:10::/44 via fd08::2
echo 4 > /proc/sys/net/ipv4/tcp_syn_retries`;

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

  /** Why there can be none here, or none with a router. */
  static missing(link: 'set lo up' | 'add type veth' = 'set lo up'): string | undefined {
    const ip = ['ip', 'link', ...link.split(' ')];
    const tried = spawnSync('unshare', [asRoot ? '-n' : '-Urn', ...ip], { encoding: 'utf8' });
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
