// mockttp as HTTP Toolkit uses it: requests and responses are passed on, and held as they are told.
//   node --expose-gc mockttp.mjs PORT
import { createInterface } from 'node:readline';
import { getLocal } from 'mockttp';

const server = getLocal({ http2: false, recordTraffic: false });
await server.start(Number(process.argv[2]));
await server.forUnmatchedRequest().thenPassThrough();
const held = [];
await server.on('request', (request) => held.push(request));
await server.on('response', (response) => held.push(response));
console.log('ready');
for await (const _ of createInterface(process.stdin)) {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  console.log(held.length / 2, heapUsed + external);
}
process.exit(0);
