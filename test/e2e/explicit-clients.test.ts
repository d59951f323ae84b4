// Clients of the explicit proxy that are slow, odd, upgrade their connection, or use one for several servers.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { CloseReason } from '../../gen/flow_pb.ts';
import { eventually, missing, skipFor, TestDaemon, type Result, type WireClient } from '../support/daemon.ts';

const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

describe('the explicit proxy’s clients', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  const servers: net.Server[] = [];
  /** First line and fields of each request, and the connection that it came by. */
  let requests: { line: string; fields: http.IncomingHttpHeaders; socket: Socket }[] = [];

  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => {
    requests = [];
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      if (server instanceof http.Server) server.closeAllConnections();
      server.close();
    }
    await daemon.dispose();
  });

  async function listen(server: net.Server, host = '127.0.0.1'): Promise<number> {
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  /** Answers with `name`, the path and the length of the body. */
  const web = (name = 'web', host?: string): Promise<number> =>
    listen(
      http.createServer((request, response) => {
        const { method, url, httpVersion, headers, socket } = request;
        requests.push({ line: `${method} ${url} ${httpVersion}`, fields: headers, socket });
        let size = 0;
        request.on('data', (piece: Buffer) => (size += piece.length));
        request.on('end', () => response.end(`${name} ${url} ${size};`));
      }),
      host,
    );
  const run = (...command: string[]): Promise<Result> => daemon.run(command, ['--mode', 'explicit']);
  /** JavaScript with `proxy`, a connection to the proxy; what it prints. */
  async function script(code: string): Promise<string> {
    const { status, stdout, stderr } = await run(
      process.execPath,
      '-e',
      `const net = require('net'), proxyPort = Number(new URL(process.env.http_proxy).port);
       const open = () => net.connect(proxyPort, '127.0.0.1').setNoDelay().on('error', (e) => console.log(e.code));
       ${code}`,
    );
    assert.equal(status, 0, stderr);
    return stdout;
  }

  describe('that are slow', () => {
    for (const [name, ask] of [
      ['CONNECT', (port: number) => `CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`],
      ['SOCKS 5', (port: number) => [5, 1, 0, 5, 1, 0, 3, 9, ...Buffer.from('localhost'), port >> 8, port & 255]],
      ['SOCKS 4a', (port: number) => [4, 1, port >> 8, port & 255, 0, 0, 0, 1, 0, ...Buffer.from('localhost'), 0]],
      ['plain HTTP', (port: number) => `GET http://localhost:${port}/slow HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ] as const)
      it(`get their ${name} although it comes a byte at a time`, async () => {
        const port = await web();
        const bytes = Buffer.from(ask(port) as string);
        const rest = name === 'plain HTTP' ? '' : 'GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
        const got = await script(`
          const s = open(); let text = ''; const bytes = [...Buffer.from('${bytes.toString('hex')}', 'hex')];
          const next = () => bytes.length ? s.write(Buffer.from([bytes.shift()]), () => setTimeout(next, 1)) : s.write(${JSON.stringify(rest)});
          s.on('connect', next).on('data', (d) => (text += d)).on('end', () => console.log(text));`);
        assert.match(got, /web \/slow 0;/);
        assert.equal(requests.length, 1);
      });

    it('or never finish their head are told so and sent away, and nobody else notices', async () => {
      const port = await web();
      const got = script(`
        const partial = ['GET http://127.0.0.1:${port}/ HTTP/1.1\\r\\nX: ', 'CONNECT 127.0.0.1:', '\\x05\\x01', '\\x04\\x01', ''];
        const ends = [];
        partial.forEach((words, i) => { const s = open(); ends[i] = ''; s.write(words, 'latin1');
          s.on('data', (d) => (ends[i] += d.toString('latin1'))).on('end', () => s.end()).on('close', () => { ends[i] += '|';
            if (ends.every((e) => e.endsWith('|'))) console.log(JSON.stringify(ends)); }); });
        const busy = open(); busy.write('GET http://127.0.0.1:${port}/other HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
        busy.once('data', () => busy.destroy());`);
      await eventually('the other one is served', () => requests.length === 1);
      const ends = JSON.parse(await got) as string[];
      for (const answer of ends.slice(0, 2)) assert.match(answer, /^HTTP\/1\.1 408 .*did not come in time.*\|$/s);
      assert.deepEqual(ends.slice(2), ['|', '|', '|']);
      await subscriber.until('its end', () => subscriber.closed.length === 1);
      assert.equal(subscriber.opened.length, 1);
    });

    it('in taking an answer keep it whole', async () => {
      const size = 8 << 20;
      const port = await listen(http.createServer((_, response) => response.end(Buffer.alloc(size, 'x'))));
      const got = await script(`
        const s = open(); let n = 0, head = true;
        s.write('GET http://127.0.0.1:${port}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n');
        s.pause(); const timer = setInterval(() => { const d = s.read(); if (d) n += d.length; }, 2);
        s.on('end', () => { clearInterval(timer); console.log(n > ${size}); });`);
      assert.equal(got, 'true\n');
      assert.ok(Number((await subscriber.flowTo(port)).closed.bytesDown) > size);
    });
  });

  describe('with odd requests of curl', () => {
    before(function () {
      skipFor(this, has('curl') ? undefined : 'there is no curl');
    });
    const curl = (...args: string[]): Promise<Result> => run('curl', '-sS', ...args);

    it('tell the proxy what is for the proxy only', async () => {
      const port = await web();
      const forProxy = ['--proxy-user', 'me:secret', '--proxy-header', 'Proxy-X: y', '-A', 'odd'];
      const plain = await curl(...forProxy, `http://127.0.0.1:${port}/plain`);
      const tunnel = await curl('-p', ...forProxy, `http://127.0.0.1:${port}/tunnel`);
      assert.equal(plain.stdout + tunnel.stdout, 'web /plain 0;web /tunnel 0;', plain.stderr + tunnel.stderr);
      for (const { fields } of requests) {
        assert.deepEqual([fields['user-agent'], fields.host], ['odd', `127.0.0.1:${port}`]);
        assert.equal(fields['proxy-authorization'], undefined);
        assert.equal(fields['proxy-connection'], undefined);
      }
      // What is for the proxy does not go into the tunnel; outside of one there is no telling a field of an unknown name.
      assert.deepEqual(
        requests.map((r) => r.fields['proxy-x']),
        ['y', undefined],
      );
    });

    it('get the server that the URL names, whatever Host says', async () => {
      const port = await web();
      const { stdout } = await curl('-H', 'Host: other.example', `http://127.0.0.1:${port}/`);
      assert.equal(stdout, 'web / 0;');
      assert.equal(requests[0]!.fields.host, `127.0.0.1:${port}`);
    });

    for (const [what, args, line, output] of [
      ['HTTP/1.0', ['-0'], 'GET /p 1.0', 'web /p 0;'],
      ['HTTP/1.0 to the proxy', ['-p', '--proxy1.0', 'PROXY'], 'GET /p 1.1', 'web /p 0;'],
      ['HEAD', ['-I'], 'HEAD /p 1.1', /^HTTP\/1\.1 200 OK\r\n/],
      ['OPTIONS of the server', ['-X', 'OPTIONS', '--request-target', 'URL'], 'OPTIONS * 1.1', 'web * 0;'],
      ['a method of WebDAV', ['-X', 'PROPFIND'], 'PROPFIND /p 1.1', 'web /p 0;'],
      ['DELETE with a body', ['-X', 'DELETE', '-d', 'abc'], 'DELETE /p 1.1', 'web /p 3;'],
      ['an upload from a pipe', ['-T', '.'], 'PUT /p 1.1', 'web /p 0;'],
      ['a body after 100 Continue', ['-H', 'Expect: 100-continue', '-d', 'abc'], 'POST /p 1.1', 'web /p 3;'],
      ['a lone ? and #', ['--request-target', 'URL?#x'], 'GET /? 1.1', 'web /? 0;'],
      ['a user in the URL', ['--request-target', 'USER'], 'GET /u 1.1', 'web /u 0;'],
      ['an empty header', ['-H', 'X-Empty;'], 'GET /p 1.1', 'web /p 0;'],
    ] as const)
      it(`are served: ${what}`, async () => {
        const port = await web();
        const origin = `http://127.0.0.1:${port}`;
        const words = args.map((word) => {
          if (word === 'USER') return `http://me:secret@127.0.0.1:${port}/u#part`;
          return word.replace('URL', origin).replace('PROXY', '$http_proxy');
        });
        const shell = ['curl -sS', ...words.map((w) => (w.includes('$') ? w : `'${w}'`)), `'${origin}/p'`].join(' ');
        const { stdout, stderr } = await run('sh', '-c', `${shell} < /dev/null`);
        if (typeof output === 'string') assert.equal(stdout, output, stderr);
        else assert.match(stdout, output, stderr);
        assert.deepEqual(
          requests.map((r) => r.line),
          line ? [line] : [],
        );
      });

    it('reach IPv6 by its literal, in a URL, a tunnel and by SOCKS', async () => {
      const port = await web('six', '::1');
      for (const args of [[], ['-p'], ['--socks5-hostname', 'SOCKS'], ['--socks5', 'SOCKS']]) {
        const words = args.map((w) => (w === 'SOCKS' ? '${http_proxy#http://}' : w)).join(' ');
        const { stdout, stderr } = await run('sh', '-c', `curl -g -sS ${words} 'http://[::1]:${port}/'`);
        assert.equal(stdout, 'six / 0;', stderr);
      }
      assert.equal(requests.length, 4);
      assert.ok(subscriber.opened.every((o) => o.destination?.address.length === 16 && o.host === ''));
    });

    it('that speak TLS to the proxy, or another protocol, are refused in words', async () => {
      const port = await web();
      const tls = await run('sh', '-c', `curl -sS -k --proxy https://\${http_proxy#http://} http://127.0.0.1:${port}/`);
      assert.notEqual(tls.status, 0);
      const ftp = await curl('-w', '%{http_code}', '--request-target', `ftp://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/`); // prettier-ignore
      assert.match(ftp.stdout, /forwards http only.*501$/s);
      const origin = await curl('-w', '%{http_code}', '--request-target', '/here', `http://127.0.0.1:${port}/`);
      assert.match(origin.stdout, /whole URL.*400$/s);
      assert.deepEqual(requests, []);
      assert.deepEqual(subscriber.opened, []);
    });
  });

  describe('with TLS of openssl', () => {
    let peer: ChildProcess | undefined;
    before(function () {
      skipFor(this, has('openssl') && has('curl') ? undefined : 'there is no openssl or no curl');
    });
    afterEach(() => void peer?.kill('SIGKILL'));

    /** An s_server on a port of its own choosing. */
    async function tlsServer(...options: string[]): Promise<{ port: number; certificate: string }> {
      const [key, cert] = ['key', 'cert'].map((name) => path.join(daemon.folder, name)) as [string, string];
      const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], { encoding: 'utf8' }); // prettier-ignore
      assert.equal(made.status, 0, made.stderr);
      fs.chmodSync(cert, 0o644);
      peer = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-key', key, '-cert', cert, ...options], { stdio: ['pipe', 'pipe', 'pipe'] }); // prettier-ignore
      let told = '';
      for (const stream of [peer.stdout!, peer.stderr!]) stream.on('data', (d) => (told += String(d)));
      await eventually(`openssl listens: ${told}`, () => /ACCEPT \S+:\d+/.test(told));
      return { port: Number(/ACCEPT \S+:(\d+)/.exec(told)![1]), certificate: cert };
    }

    for (const [what, words] of [
      ['CONNECT', ''],
      ['SOCKS 5', '--socks5-hostname ${http_proxy#http://}'],
      ['SOCKS 4a', '--socks4a ${http_proxy#http://}'],
    ] as const)
      it(`reach its server by ${what}, verified end to end`, async () => {
        const { port, certificate } = await tlsServer('-www', '-tls1_3');
        const { stdout, stderr } = await run(
          'sh',
          '-c',
          `curl -sS ${words} --cacert ${certificate} https://localhost:${port}/`,
        );
        assert.match(stdout, /TLSv1\.3/, stderr);
        await subscriber.until('its flow', () => subscriber.closed.some((c) => c.bytesDown > 1000));
        const flow = subscriber.opened.find((o) => o.destination?.address.length === 4)!;
        assert.equal(flow.host, 'localhost');
        // The flow's payload begins with the client's hello: nothing of the talk with the proxy.
        assert.deepEqual([...subscriber.data(flow.id)[0]!.bytes.subarray(0, 2)], [22, 3]);
      });

    it('is used by its client, which ends its side and hears the answer', async () => {
      const { port, certificate } = await tlsServer('-rev');
      const client = `openssl s_client -quiet -no_ign_eof -verify_return_error -CAfile ${certificate} -servername localhost`;
      // The client's input ends once its answer is there.
      const { stdout, stderr } = await run(
        'sh',
        '-c',
        `mkfifo over; (echo drawer; read x < over) | ${client} -proxy \${http_proxy#http://} -connect localhost:${port} |
           (read answer; echo "$answer"; echo > over; cat)`,
      );
      assert.equal(stdout, 'reward\n', stderr);
    });
  });

  describe('that upgrade', () => {
    /** A WebSocket server (RFC 6455) that greets at once and says small frames back. */
    async function webSocketServer(): Promise<number> {
      const server = http.createServer((_, response) => response.writeHead(426).end());
      server.on('upgrade', (request, socket) => {
        const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
        const accept = createHash('sha1').update(key).digest('base64');
        const frame = (text: string): Buffer => Buffer.from([0x81, text.length, ...Buffer.from(text)]);
        const hello = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
        // In one piece: the first frame comes with the head.
        socket.write(Buffer.concat([Buffer.from(hello), frame('welcome')]));
        socket
          .on('error', () => {})
          .on('data', (data: Buffer) => {
            const length = data[1]! & 127;
            if ((data[0]! & 15) === 8) return socket.end(Buffer.from([0x88, 0]));
            const mask = data.subarray(2, 6);
            const text = data.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]!);
            socket.write(frame(`heard ${Buffer.from(text).toString()}`));
          });
      });
      return listen(server);
    }

    it('by plain HTTP speak the new protocol from the first byte on', async () => {
      const port = await webSocketServer();
      const got = await script(`
        const s = open(), mask = [1, 2, 3, 4], text = [...Buffer.from('you')].map((b, i) => b ^ mask[i % 4]);
        const frame = Buffer.from([0x81, 0x83, ...mask, ...text]);
        s.write(Buffer.concat([Buffer.from('GET http://127.0.0.1:${port}/chat HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\n' +
          'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n')]));
        let all = ''; s.on('data', (d) => { const before = all; all += d.toString('latin1');
          if (!before.includes('welcome') && all.includes('welcome')) s.write(frame);
          if (all.includes('heard you')) s.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0])); });
        s.on('end', () => console.log(JSON.stringify(all)));`);
      const text = JSON.parse(got) as string;
      assert.match(text, /^HTTP\/1\.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=.*welcome.*heard you/s);
      const { closed } = await subscriber.flowTo(port);
      assert.equal(closed.reason, CloseReason.eof);
    });

    it('by CONNECT, as Node’s own WebSocket does', async () => {
      const port = await webSocketServer();
      const { status, stdout, stderr } = await run(
        process.execPath,
        '-e',
        `const s = new WebSocket('ws://localhost:${port}/chat'); const got = [];
         s.onmessage = ({ data }) => { got.push(data); if (got.length === 1) s.send('you'); else s.close(); };
         s.onerror = (e) => console.log(e.message); s.onclose = () => console.log(got.join());`,
      );
      assert.equal(status, 0, stderr);
      assert.equal(stdout, 'welcome,heard you\n', stderr);
      const flow = subscriber.opened.find((o) => o.destination?.port === port && o.destination.address.length === 4);
      assert.equal(flow?.host, 'localhost');
    });

    it('in vain go on with HTTP on the same connection', async () => {
      const port = await web();
      const got = await script(`
        const s = open(); let text = '';
        const ask = (path, more) => s.write('GET http://127.0.0.1:${port}' + path + ' HTTP/1.1\\r\\nHost: x\\r\\n' + more + '\\r\\n');
        ask('/first', 'Connection: Upgrade\\r\\nUpgrade: h2c\\r\\n');
        s.on('data', (d) => { const before = text; text += d;
          if (!before.includes('/first 0;') && text.includes('/first 0;')) ask('/second', 'Connection: close\\r\\n'); });
        s.on('end', () => console.log(text.match(/web \\S+ \\d+;/g).join('')));`);
      assert.equal(got, 'web /first 0;web /second 0;\n');
    });
  });

  describe('that use one connection for several servers', () => {
    for (const atOnce of [false, true])
      it(`get each answer in its turn, ${atOnce ? 'all requests at once' : 'one after the other'}`, async () => {
        const [a, b] = [await web('a'), await web('b')];
        // Some bodies, and a HEAD, whose answer has a length and no body.
        const asks = [
          `GET http://127.0.0.1:${a}/1 HTTP/1.1\r\nHost: x\r\n\r\n`,
          `POST http://127.0.0.1:${b}/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello`,
          `HEAD http://localhost:${a}/3 HTTP/1.1\r\nHost: x\r\n\r\n`,
          `POST http://127.0.0.1:${a}/4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
          `GET http://127.0.0.1:${a}/5 HTTP/1.1\r\nHost: x\r\n\r\n`,
          `GET http://127.0.0.1:${b}/6 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        ];
        const got = await script(`
          const s = open(), asks = ${JSON.stringify(asks)}; let text = '', sent = 0;
          const next = () => { sent++; s.write(asks.shift()); };
          const answered = () => { const heads = text.split('HTTP/1.1 200').length - 1, bodies = text.split(';').length - 1;
            return bodies + (heads > 3 || (heads === 3 && text.endsWith('\\r\\n\\r\\n')) ? 1 : 0); };
          if (${atOnce}) s.write(asks.splice(0).join('')); else next();
          s.on('data', (d) => { text += d; if (asks.length && answered() === sent) next(); });
          s.on('end', () => console.log(JSON.stringify([text.match(/HTTP\\/1.1 \\d+/g), text.match(/[ab] \\/\\d \\d+;/g)])));`);
        const [heads, bodies] = JSON.parse(got) as [string[], string[]];
        assert.deepEqual(heads, Array(6).fill('HTTP/1.1 200'));
        assert.deepEqual(bodies, ['a /1 0;', 'b /2 5;', 'a /4 3;', 'a /5 0;', 'b /6 0;']);
        assert.deepEqual(
          requests.map((r) => r.line.split(' ').slice(0, 2).join(' ')),
          ['GET /1', 'POST /2', 'HEAD /3', 'POST /4', 'GET /5', 'GET /6'],
        );
        // /4 and /5 have one connection; the host's name is another server than its address.
        assert.equal(requests[3]!.socket, requests[4]!.socket);
        assert.equal(new Set(requests.map((r) => r.socket)).size, 5);
        await subscriber.until('five ends in order', () =>
          subscriber.closed.filter((c) => c.reason === CloseReason.eof).length === 5); // prettier-ignore
      });

    it('go on by a tunnel after their plain requests', async () => {
      const port = await web();
      const got = await script(`
        const s = open(); let text = '';
        s.write('GET http://127.0.0.1:${port}/plain HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nCONNECT 127.0.0.1:${port} HTTP/1.1\\r\\n\\r\\n');
        s.on('data', (d) => { const before = text; text += d;
          if (!before.includes('established') && text.includes('established'))
            s.write('GET /inside HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'); });
        s.on('end', () => console.log(text.match(/web \\S+ \\d+;/g).join('')));`);
      assert.equal(got, 'web /plain 0;web /inside 0;\n');
    });

    it('are told of a server that fails, after the answers before it', async () => {
      const port = await web();
      const closed = await listen(net.createServer());
      const gone = servers.pop()!;
      gone.close();
      await once(gone, 'close');
      const got = await script(`
        const s = open(); let text = '';
        s.write('GET http://127.0.0.1:${port}/good HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nGET http://127.0.0.1:${closed}/bad HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
        s.on('data', (d) => (text += d)).on('end', () => console.log(text.match(/HTTP\\/1.1 \\d+|web \\S+ \\d+;/g).join(' ')));`);
      assert.equal(got, 'HTTP/1.1 200 web /good 0; HTTP/1.1 502\n');
    });
  });
});
