import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { Ajv } from 'ajv';
import { asCurl, asFetch, shellQuote } from '../../../src/capture/curl.ts';
import { dissectFlow } from '../../../src/dissect/feed.ts';
import { base64 } from '../../../src/capture/base64.ts';
import { writeHar } from '../../../src/capture/har.ts';
import type { HttpRequest } from '../../../src/dissect/dissection.ts';
import { nodeCodecs } from '../../../src/node/contentCodecs.ts';
import { FakeSource, chunk, makeFlow, t0 } from '../../support/flows.ts';

const require = createRequire(import.meta.url);
const schemas = require('har-schema') as Record<string, object>;
const ajv = new Ajv({ strict: false });
const formats: Record<string, (text: string) => boolean> = {
  ipv4: (text) => net.isIPv4(text),
  ipv6: (text) => net.isIPv6(text),
  uri: (text) => URL.canParse(text),
  'date-time': (text) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && !Number.isNaN(Date.parse(text)),
};
for (const [name, format] of Object.entries(formats)) ajv.addFormat(name, format);
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json') as object);
ajv.addSchema(Object.values(schemas));
const valid = ajv.getSchema('har.json#')!;

const latin1 = (b: Buffer): string => b.toString('latin1');
const source = new FakeSource();
const json = latin1(zlib.brotliCompressSync(Buffer.from('{"ok":true}')));
const up =
  'GET /a?x=1&y=%C3%A9+z&bad=%zz HTTP/1.1\r\nHost: api.example.com\r\nCookie: a=1; b\r\n\r\nPOST /b HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
const down = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nSet-Cookie: s=9; Path=/\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
const flows = [
  source.add(makeFlow({ id: 1, bytesUp: up.length, bytesDown: down.length, reason: 'reset by server' }), {
    up: [chunk(0, up, t0 + 2000)],
    down: [chunk(0, down, t0 + 9000)],
  }),
  source.add(makeFlow({ id: 2, bytesUp: 30, bytesDown: 500 }), {
    up: [chunk(0, 'GET /cut HTTP/1.1\r\nHost: h\r\n\r\n', t0)],
    down: [chunk(0, 'HTTP/1.1 200 OK\r\nContent-Length: 458\r\n\r\n\xff\xfe', t0 + 1)],
  }),
  source.add(makeFlow({ id: 3, bytesUp: 3 }), { up: [chunk(0, 'abc', t0)] }),
];
interface Har {
  log: {
    entries: {
      request: Record<string, unknown>;
      response: { status: number; comment?: string; content: Record<string, unknown>; cookies: unknown[] };
      timings: Record<string, number>;
      time: number;
    }[];
  };
}
const har = JSON.parse(
  [...writeHar(flows, source, { creator: { name: 'Flowtap', version: '1' }, decoders: nodeCodecs })].join(''),
) as Har;

describe('HAR', () => {
  it('follows the schema of HAR 1.2', () => assert.ok(valid(har), JSON.stringify(valid.errors?.slice(0, 3))));
  it('holds each exchange, decoded', () => {
    const [first, second, cut] = har.log.entries;
    assert.equal(har.log.entries.length, 3);
    assert.equal(first!.request['url'], 'http://api.example.com/a?x=1&y=%C3%A9+z&bad=%zz');
    assert.deepEqual(first!.request['queryString'], [{ name: 'x', value: '1' }, { name: 'y', value: 'é z' }, { name: 'bad', value: '%zz' }]); // prettier-ignore
    assert.deepEqual(first!.request['cookies'], [{ name: 'a', value: '1' }, { name: 'b', value: '' }]); // prettier-ignore
    assert.deepEqual([first!.response.content['text'], first!.response.content['size']], ['{"ok":true}', 11]);
    assert.deepEqual(first!.response.cookies, [{ name: 's', value: '9' }]);
    assert.deepEqual([first!.timings['connect'], first!.timings['wait'], first!.time], [1, 7, 8]);
    assert.deepEqual([second!.response.status, second!.response.comment], [0, 'No response: reset by server']);
    assert.deepEqual([cut!.response.content['encoding'], cut!.response.content['text']], ['base64', '//4=']);
    assert.match(String(cut!.response.content['comment']), /Cut/);
  });
  it('encodes long bodies', () => {
    const bytes = new Uint8Array(100_001).map((_, i) => i * 31);
    assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'));
  });
});

describe('copy as', () => {
  /** Runs `command` against a server that tells what it was asked. */
  async function asked(
    make: (port: number) => { command: string; args: string[] },
  ): Promise<{ method: string; url: string; headers: http.IncomingHttpHeaders; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const server = http.createServer((request, response) => {
        const parts: Buffer[] = [];
        request
          .on('data', (b: Buffer) => parts.push(b))
          .on('end', () => {
            response.end();
            server.close();
            resolve({
              method: request.method!,
              url: request.url!,
              headers: request.headers,
              body: Buffer.concat(parts),
            });
          });
      });
      server.listen(0, '127.0.0.1', () => {
        const { command, args } = make((server.address() as AddressInfo).port);
        const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
        child.stderr.on('data', (b) => reject(new Error(String(b))));
      });
    });
  }
  const bodies: [string, Buffer][] = [
    ['text', Buffer.from('it\'s "quoted" $HOME `x` \\ é\nline')],
    ['binary', Buffer.from([0, 255, 10, 39, 128])],
    ['nothing', Buffer.alloc(0)],
  ];
  for (const [what, body] of bodies) {
    const requestTo = (port: number): { flow: ReturnType<typeof makeFlow>; request: HttpRequest } => {
      const s = new FakeSource();
      const text = `PUT /p?a=b&c='d' HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Note: it's $(fine)\r\nContent-Length: ${body.length}\r\n\r\n${latin1(body)}`;
      const flow = s.add(makeFlow({ bytesUp: text.length }), { up: [chunk(0, text, t0)] });
      const message = dissectFlow(flow, s).messages[0];
      assert.ok(message?.kind === 'http' && message.request);
      return { flow, request: message.request };
    };
    it(`curl sends the same request with ${what} as its body`, async function () {
      if (spawnSync('curl', ['--version']).status !== 0) this.skip();
      const seen = await asked((port) => {
        const { flow, request } = requestTo(port);
        return { command: 'sh', args: ['-c', asCurl(flow, request).replace(/\bcurl\b/, 'curl -s')] };
      });
      assert.deepEqual([seen.method, seen.url, seen.headers['x-note']], ['PUT', "/p?a=b&c='d'", "it's $(fine)"]);
      assert.ok(seen.body.equals(body), seen.body.toString());
    });
    it(`fetch sends the same request with ${what} as its body`, async () => {
      const seen = await asked((port) => {
        const { flow, request } = requestTo(port);
        return { command: process.execPath, args: ['--input-type=module', '-e', asFetch(flow, request)] };
      });
      assert.deepEqual([seen.method, seen.headers['x-note']], ['PUT', "it's $(fine)"]);
      assert.ok(seen.body.equals(body));
    });
  }
  it('quotes for the shell', () => {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellQuote(`a'b"c$d\`e\\f\n`)}`], { encoding: 'utf8' });
    assert.equal(stdout, `a'b"c$d\`e\\f\n`);
  });
});
