import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Direction, Dissection } from '../../../src/dissect/dissection.ts';
import { http1 } from '../../../src/dissect/http1.ts';

const bytes = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'latin1'));
const none = new Uint8Array(0);
const start = (up: string, down = '') => ({
  transport: 'tcp' as const,
  up: bytes(up),
  down: bytes(down),
  serverPort: 80,
});

function run(...said: [Direction, string][]): Dissection {
  const d = http1.begin(start(''));
  said.forEach(([direction, text], i) => d.data(direction, bytes(text), i + 1));
  return d;
}
const exchange = (d: Dissection, i = 0) => {
  const m = d.messages[i];
  assert.ok(m?.kind === 'http');
  return m;
};
const text = (b: Uint8Array): string => Buffer.from(b).toString('latin1');

describe('HTTP/1', () => {
  it('recognises requests and responses, and nothing else', () => {
    assert.equal(http1.recognise(start('GET / HTTP/1.1\r\n')), 'yes');
    assert.equal(http1.recognise(start('GE')), 'more');
    assert.equal(http1.recognise(start('GET /a')), 'more');
    assert.equal(http1.recognise(start('\x16\x03\x01')), 'no');
    assert.equal(http1.recognise(start('EHLO x\r\n')), 'no');
    assert.equal(http1.recognise(start('', 'HTTP/1.1 200 OK\r\n')), 'yes');
    assert.equal(http1.recognise(start('', 'SSH-2.0-x')), 'no');
    assert.equal(http1.recognise({ ...start('GET / HTTP/1.1\r\n'), transport: 'udp' }), 'no');
  });

  it('pairs pipelined requests with their responses', () => {
    const d = run(
      ['up', 'GET /a HTTP/1.1\r\nHost: one.example:8080\r\n\r\nHEAD /b HTTP/1.1\r\nHost: one.example\r\n\r\n'],
      ['down', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n'],
    );
    assert.equal(d.messages.length, 2);
    assert.equal(text(exchange(d).response!.body.bytes), 'abc');
    assert.equal(exchange(d, 1).response!.status, 404);
    assert.equal(exchange(d, 1).response!.complete, true);
    assert.deepEqual(d.application, {
      protocol: 'http',
      summary: 'HEAD /b 404 (2 requests)',
      host: 'one.example',
      method: 'HEAD',
      status: 404,
      failed: true,
    });
  });

  it('reads chunked bodies with extensions and trailers', () => {
    const d = run(
      [
        'up',
        'POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
      ],
      ['down', 'HTTP/1.1 204 No Content\r\n\r\n'],
    );
    const { request, response } = exchange(d);
    assert.equal(text(request!.body.bytes), 'abcde');
    assert.deepEqual(request!.trailers, [['X-T', '1']]);
    assert.equal(request!.complete, true);
    assert.equal(response!.complete, true);
  });

  it('reads a body that ends with the connection', () => {
    const d = run(['up', 'GET / HTTP/1.0\r\n\r\n'], ['down', 'HTTP/1.0 200 OK\r\n\r\nhello']);
    assert.equal(exchange(d).response!.complete, false);
    d.end('down', 9);
    assert.equal(exchange(d).response!.complete, true);
    assert.equal(exchange(d).response!.body.truncated, false);
    assert.equal(exchange(d).response!.endedAt, 9);
  });

  it('skips interim responses', () => {
    const d = run(
      ['up', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n'],
      ['down', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['up', 'x'],
      ['down', 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'],
    );
    assert.equal(d.messages.length, 1);
    assert.equal(exchange(d).response!.status, 201);
  });

  it('says that a body was cut, and goes on behind it', () => {
    const d = run(
      ['up', 'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n'],
      ['down', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    );
    d.gap('down', 7, 5);
    d.data('down', bytes('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 6);
    assert.equal(exchange(d).response!.body.truncated, true);
    assert.equal(exchange(d).response!.body.length, 10);
    assert.equal(exchange(d, 1).response!.complete, true);
    d.gap('down', 1, 7);
    d.data('down', bytes('HTTP/1.1 200 OK\r\n\r\n'), 8);
    assert.match(d.notes.join(), /not captured/);
  });

  it('stops at nonsense with a note', () => {
    assert.match(run(['up', 'GET / HTTP/1.1\r\n\r\nnonsense here\r\n\r\n']).notes.join(), /request line/);
    assert.match(
      run(['up', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n']).notes.join(),
      /Content-Length/,
    );
    assert.match(run(['up', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']).notes.join(), /chunked/);
    assert.match(run(['up', `GET / HTTP/1.1\r\nX: ${'y'.repeat(300_000)}`]).notes.join(), /256 KiB/);
  });

  const traffic = {
    up: 'POST /p HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\n\r\nhelloGET /q HTTP/1.1\r\nHost: h.example\r\n\r\n',
    down: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno',
  };
  it('reads the same whatever the segments', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(130), { maxLength: 20 }),
        fc.array(fc.nat(130), { maxLength: 20 }),
        (cutsUp, cutsDown) => {
          const d = http1.begin(start(''));
          for (const [direction, cuts] of [
            ['up', cutsUp],
            ['down', cutsDown],
          ] as const) {
            const all = bytes(traffic[direction]);
            const at = [0, ...cuts.sort((a, b) => a - b), all.length];
            for (let i = 1; i < at.length; i++) d.data(direction, all.slice(at[i - 1], at[i]), 1);
          }
          assert.equal(text(exchange(d).request!.body.bytes), 'hello');
          assert.equal(text(exchange(d).response!.body.bytes), 'wiki');
          assert.equal(text(exchange(d, 1).response!.body.bytes), 'no');
          assert.deepEqual(d.notes, []);
        },
      ),
    );
  });
  it('never throws on anything', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom<Direction>('up', 'down'),
            fc.oneof(
              fc.uint8Array({ maxLength: 60 }),
              fc.constantFrom(...Object.values(traffic)).map(bytes),
              fc.nat(300),
            ),
          ),
          { maxLength: 30 },
        ),
        (events) => {
          const d = http1.begin(start(''));
          for (const [direction, e] of events)
            if (typeof e === 'number') d.gap(direction, e, 1);
            else d.data(direction, e, 1);
          d.end('up', 2);
          d.end('down', 2);
          assert.ok(d.application.summary.length < 10_000);
        },
      ),
    );
    assert.equal(http1.recognise({ transport: 'tcp', up: none, down: none, serverPort: 80 }), 'more');
  });
});
