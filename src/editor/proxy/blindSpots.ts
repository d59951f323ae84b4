// The proxy says in English what it cannot see (sysext/linux/blind_spots.cc); here are the same sentences for the
// editor's language. Pure.
import type { Translate } from '../sidebar/text.ts';

const sentences = (t: Translate): string[] => [
  t('Only programs that were started through Flowtap are seen.'),
  t('Unix domain sockets, also those of name services and of Docker, are not network traffic and pass unseen.'),
  t('Only programs that obey http_proxy, ALL_PROXY and the like are seen; others connect past Flowtap.'),
  t('Go programs and some others never use a proxy for localhost.'),
  t('UDP is not seen: no DNS and no QUIC. Names are looked up by the proxy, in /etc/hosts and by DNS.'),
  t('Servers inside are not seen: nobody connects to them through the proxy.'),
  t(
    "A connection that fails looks like a proxy's answer (HTTP 502 or 504, a SOCKS code), not like an error of connect().",
  ),
  t('UDP reaches nothing outside: DNS works over TCP only ("options use-vc" in resolv.conf), QUIC not at all.'),
  t("A server inside cannot be reached through localhost, which always leads to the host's."),
  t(
    'Packets are not held (by choice, or for want of NFQUEUE in this kernel): connections are accepted before the server answers, one that fails looks like a reset, and programs that end at once may stay unnamed.',
  ),
  t('Servers inside are reached from this machine only, at localhost and by TCP.'),
  t('Servers inside cannot be reached from outside: this kernel does not let the proxy in.'),
  t('TCP and UDP only: ping ("Operation not permitted") and other raw sockets reach nothing outside.'),
  t('Abstract Unix sockets of the host (some of X11 and D-Bus) cannot be reached from inside.'),
  t('sudo and other setuid programs gain no privileges inside.'),
];

/** As the proxy says it. */
export const knownBlindSpots: readonly string[] = sentences((text) => text);

/** What a newer proxy says is shown as it is. */
export function blindSpot(text: string, t: Translate): string {
  const at = knownBlindSpots.indexOf(text);
  return (at < 0 ? undefined : sentences(t)[at]) ?? text;
}
