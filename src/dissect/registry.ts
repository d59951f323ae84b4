// Every protocol that is understood. A new one is one file and one line here; the order is the order of asking.
import type { Dissector } from './dissection.ts';
import { dns } from './dns.ts';
import { http1 } from './http1.ts';
import { http2 } from './http2.ts';
import { quic } from './quic.ts';
import { onSocksTunnel, socks5 } from './socks5.ts';
import { ssh } from './ssh.ts';
import { tls } from './tls.ts';
import { onUpgrade } from './upgrade.ts';
import { webSocket } from './webSocket.ts';
import { anyOf } from './flowDissection.ts';

export const dissectors: readonly Dissector[] = [tls, http2, http1, ssh, socks5, quic, dns, webSocket];

// What a tunnel carries is recognised afresh.
const anything = anyOf(dissectors);
onUpgrade('websocket', () => webSocket);
onUpgrade('h2c', () => http2);
onUpgrade('', () => anything);
onSocksTunnel(() => anything);
