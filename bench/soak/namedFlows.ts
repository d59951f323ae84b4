// Run captured by the explicit proxy: connections by name, whose look-ups are done in threads of the proxy.
//   node bench/soak/namedFlows.ts --to PORT --count N
// Prints {"done":…,"failed":…}, asks for names that nobody knows, and leaves while they are looked up.
import { once } from 'node:events';
import net from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { to: { type: 'string' }, count: { type: 'string' } } });
const port = Number(values.to);
const proxy = Number(new URL(process.env['http_proxy']!).port);
const atOnce = 16;
const request = `#o${'.'.repeat(62)}`; // see bench/proxy/native/net.h
const answerBytes = 1024;

const byConnect = (host: string): Buffer => Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\n\r\n`);
const bySocks = (host: string): Buffer =>
  Buffer.from([5, 1, 0, 5, 1, 0, 3, host.length, ...Buffer.from(host), port >> 8, port & 255]);
const answerOfSocks = 2 + 10; // the greeting's, and one with an address of IPv4

/** Whether one connection by name brought the server's answer. */
async function one(socks: boolean): Promise<boolean> {
  const socket = net.connect(proxy, '127.0.0.1').on('error', () => {});
  socket.write(socks ? bySocks('localhost') : byConnect('localhost'));
  let got = Buffer.alloc(0);
  let asked = false;
  socket.on('data', (piece: Buffer) => {
    got = Buffer.concat([got, piece]);
    const head = socks ? answerOfSocks : got.indexOf('\r\n\r\n') + 4;
    if (asked || head < 4 || got.length < head) return;
    asked = true;
    got = got.subarray(head);
    socket.write(request);
  });
  await once(socket, 'close');
  return asked && got.length === answerBytes;
}

let begun = 0;
let done = 0;
let failed = 0;
async function worker(): Promise<void> {
  while (begun < Number(values.count)) if (await one(begun++ % 2 === 0)) done++; else failed++; // prettier-ignore
}
await Promise.all(Array.from({ length: atOnce }, worker));
console.log(JSON.stringify({ done, failed }));

// More than there are threads.
const leaving = Array.from({ length: atOnce }, (_, i) => {
  const socket = net.connect(proxy, '127.0.0.1').on('error', () => {});
  socket.write(byConnect(`nobody-${i}.invalid`));
  return once(socket, 'connect');
});
await Promise.all(leaving);
process.exit();
