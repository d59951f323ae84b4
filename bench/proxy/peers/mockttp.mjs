// mockttp as HTTP Toolkit uses it for connections that are neither HTTP nor TLS: passed through, and told to a listener.
import { getLocal } from 'mockttp';

const server = getLocal({ http2: false, socks: true, passthrough: ['unknown-protocol'], recordTraffic: false });
await server.start(Number(process.argv[2]));
await server.forUnmatchedRequest().thenPassThrough();
let seen = 0;
for (const event of ['raw-passthrough-opened', 'raw-passthrough-closed']) await server.on(event, () => seen++);
