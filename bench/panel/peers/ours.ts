// Holds flows as the extension does: session, store, dissectors. For each line on standard input it collects garbage
// and answers with the number of HTTP requests that it holds, the bytes in use, and how much of them is payload.
//   node --expose-gc ours.mjs SOCKET     bundled before, as the extension is
import { createInterface } from 'node:readline';
import { dissectLive } from '../../../src/dissect/live.ts';
import { Session } from '../../../src/endpoint/session.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { payloadCodec } from '../../../src/node/payloadCodec.ts';
import { connectTo } from '../../../test/support/fake-proxy.ts';

const store = new FlowStore({}, { schedule: (flush) => void setTimeout(flush, 16), codec: payloadCodec });
const source = store.addSource();
dissectLive(store);
const session = new Session({
  client: 'bench',
  build: 'bench',
  connect: () => connectTo(process.argv[2]!),
  subscribe: { bodyLimit: 16 * 1024 },
});
session.onDidReceive((bytes, start, end) => store.feed(source, bytes, start, end));
session.start();
await session.ready();
console.log('ready');
for await (const _ of createInterface(process.stdin)) {
  globalThis.gc?.();
  // First of all: counting makes garbage.
  const { heapUsed, external } = process.memoryUsage(); // array buffers are part of `external`
  let held = 0;
  let payload = 0;
  for (let id = store.first; id < store.end; id++) {
    const flow = store.flow(id)!;
    if (flow.application?.method === 'GET') held++;
    payload += flow.bytesUp + flow.bytesDown;
  }
  console.log(held, heapUsed + external, payload);
}
process.exit(0);
