// Payload of stored flows into a dissection, whichever side called.
import assert from 'node:assert/strict';
import { dissectFlow } from '../../../src/dissect/feed.ts';
import { dissectLive } from '../../../src/dissect/live.ts';
import type { FlowChanges } from '../../../src/flow/changes.ts';
import { chunk, FakeSource, makeFlow, t0 } from '../../support/flows.ts';

const request = 'GET /ws HTTP/1.1\r\nHost: localhost:3000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const response = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const fromServer = '\x81\x02hi';
const fromCaller = '\x81\x83\0\0\0\0yes';

for (const inbound of [false, true])
  describe(`a flow that came ${inbound ? 'in' : 'out'}`, () => {
    const caller = [chunk(0, request, t0 + 1), chunk(request.length, fromCaller, t0 + 4)];
    const server = [chunk(0, response, t0 + 1), chunk(response.length, fromServer, t0 + 3)];
    const [up, down] = inbound ? [server, caller] : [caller, server];
    const size = (chunks: typeof up): number => chunks.reduce((n, c) => n + c.length, 0);
    const source = new FakeSource();
    const flow = source.add(makeFlow({ inbound, bytesUp: size(up), bytesDown: size(down) }), { up, down });

    it('tells request and response apart, and who sent what', () => {
      const { application, messages } = dissectFlow(flow, source);
      assert.deepEqual([application.protocol, application.host], ['websocket', 'localhost']);
      const [exchange, ...frames] = messages;
      assert.ok(exchange?.kind === 'http');
      assert.deepEqual([exchange.request?.target, exchange.response?.status], ['/ws', 101]);
      assert.deepEqual(
        frames.map((m) => (m.kind === 'frame' ? [m.text, m.direction] : [])),
        [
          ['hi', inbound ? 'up' : 'down'],
          ['yes', inbound ? 'down' : 'up'],
        ],
      );
    });

    it('has its summary while it is live', () => {
      let listener: ((changes: FlowChanges) => void) | undefined;
      const told: string[] = [];
      dissectLive({
        flow: (id) => source.flow(id),
        body: (id, direction) => source.body(id, direction),
        holds: () => true,
        setApplication: (_, { protocol }) => void told.push(protocol),
        onDidChange: (each) => {
          listener = each;
          return { dispose: () => {} };
        },
      });
      const none = { first: 0, end: 0 };
      listener?.({ cleared: false, evicted: none, opened: { first: 1, end: 2 }, updated: [], closed: [1] });
      assert.equal(told.at(-1), 'websocket');
    });
  });
