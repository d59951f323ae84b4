// Servers on loopback for the corpus of real traffic, and the programs that talk to them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { findBrowser } from '../../scripts/lib/setup/tools.mjs';

export const have = (program: string, ...args: string[]): boolean => spawnSync(program, args).error === undefined;

export interface CorpusServers {
  readonly http: number;
  readonly h2c: number;
  readonly grpc: number;
  readonly tls: number;
  readonly dns: number;
  readonly dnsTcp: number;
  readonly socks: number;
  readonly ssh: number;
  readonly quic: number;
}
export const grpcSizes = { up: [5, 300], down: [0, 7, 9000] } as const;
export const zipped = 'zipped, and more than a few bytes of it. '.repeat(20);

const packers: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  br: (text) => zlib.brotliCompressSync(text),
  zstd: (text) => zlib.zstdCompressSync(text),
};

/** An answer to any question for an address: 192.0.2.1 (RFC 1035). */
function dnsAnswer(query: Buffer): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  return Buffer.concat([head, question, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1])]);
}

function pages(quicSeen: Promise<unknown>): http.Server {
  const server = http.createServer((request, response) => {
    const { url = '' } = request;
    const pack = packers[url.slice(1)];
    if (pack) response.writeHead(200, { 'content-encoding': url.slice(1), 'content-type': 'text/plain' }).end(pack(zipped));
    else if (url === '/post') request.resume().on('end', () => response.writeHead(201).end());
    else if (url === '/quic-seen') void quicSeen.then(() => response.end('yes'));
    else if (url === '/chunks') {
      response.write('first');
      response.end('second');
    } else if (url === '/zipped-chunks') {
      const [packed, half] = [packers.gzip!(zipped), 20];
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).write(packed.subarray(0, half));
      setImmediate(() => response.end(packed.subarray(half)));
    } else response.writeHead(404).end('nothing here');
  }); // prettier-ignore
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`; // RFC 6455
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.once('data', () => {
      socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
      socket.end(Buffer.from([0x88, 0]));
    });
  }); // prettier-ignore
  return server;
}

const grpcFrame = (size: number): Buffer => {
  const frame = Buffer.alloc(5 + size, 7);
  frame[0] = 0;
  frame.writeUInt32BE(size, 1);
  return frame;
};

function grpcServer(): http2.Http2Server {
  return http2.createServer().on('stream', (stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.concat(grpcSizes.down.map(grpcFrame)));
    });
  });
}

/** SOCKS5 without authentication (RFC 1928), to names only; whatever is asked for, it is `port` here. */
function socksServer(port: number): net.Server {
  return net.createServer((client) => {
    client.on('error', () => {});
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', () => {
        const upstream = net.connect(port, '127.0.0.1', () => {
          client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]));
          client.pipe(upstream).pipe(client);
        });
        upstream.on('error', () => client.destroy());
      });
    });
  });
}

/** Says who it is, hears who the other is, and hangs up. */
const sshServer = (): net.Server =>
  net.createServer((socket) => {
    socket.on('error', () => {}).write('SSH-2.0-Corpus_1.0 of a test\r\n');
    socket.once('data', () => socket.end());
  });

const dnsOverTcp = (): net.Server =>
  net.createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (query: Buffer) => {
        const answer = dnsAnswer(query.subarray(2));
        socket.write(Buffer.from([answer.length >> 8, answer.length & 255]));
        socket.end(answer);
      });
  });

/** `closers` undo it. */
export async function startServers(folder: string, closers: (() => void)[]): Promise<CorpusServers> {
  const listen = async (server: net.Server): Promise<number> => {
    closers.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const datagrams = async (onMessage: (socket: dgram.Socket, bytes: Buffer, from: dgram.RemoteInfo) => void): Promise<number> => {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (bytes, from) => onMessage(socket, bytes, from));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    closers.push(() => socket.close());
    return socket.address().port;
  }; // prettier-ignore
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=tls.example', '-days', '2']); // prettier-ignore
  assert.equal(made.status, 0, String(made.stderr));
  const options = { key: fs.readFileSync(key), cert: fs.readFileSync(cert), ALPNProtocols: ['http/1.1'] };
  let seen = (): void => {};
  const quicSeen = new Promise<void>((resolve) => (seen = resolve));
  let packets = 0;
  const quic = await datagrams(() => void (++packets === 2 && seen()));
  const httpPort = await listen(pages(quicSeen));
  return {
    http: httpPort,
    h2c: await listen(http2.createServer((request, response) => void response.writeHead(request.url === '/h2' ? 200 : 404).end('h2'))), // prettier-ignore
    grpc: await listen(grpcServer()),
    tls: await listen(tls.createServer(options, (socket) => socket.on('error', () => {}).end('bye'))),
    dns: await datagrams((socket, query, from) => socket.send(dnsAnswer(query), from.port, from.address)),
    dnsTcp: await listen(dnsOverTcp()),
    socks: await listen(socksServer(httpPort)),
    ssh: await listen(sshServer()),
    quic,
  };
}

/** Lines for sh. What is not installed is told and left out. */
export function talk(ports: CorpusServers, folder: string): string[] {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const script = (name: string, text: string): string => {
    fs.writeFileSync(path.join(folder, name), text);
    return `"${process.execPath}" ${path.join(folder, name)}`;
  };
  const browser = findBrowser();
  const optional = (program: string | undefined, name: string, line: string): string[] => {
    if (program !== undefined && have(program, '-V')) return [line];
    console.log(`    without ${name}, which is not installed`);
    return [];
  };
  const socket = `const w = new WebSocket('ws://127.0.0.1:${ports.http}/ws'); w.onopen = () => w.send('from the client'); w.onclose = () => process.exit(0);`;
  const pipeline = `const s = require('node:net').connect(${ports.http}, '127.0.0.1');
s.end('GET /gzip HTTP/1.1\\r\\nHost: p1.example\\r\\n\\r\\nGET /chunks HTTP/1.1\\r\\nHost: p2.example\\r\\n\\r\\nGET /absent HTTP/1.1\\r\\nHost: p3.example\\r\\nConnection: close\\r\\n\\r\\n');
s.resume();`;
  const grpc = `const client = require('node:http2').connect('${at(ports.grpc)}');
const frame = (size) => { const b = Buffer.alloc(5 + size, 7); b[0] = 0; b.writeUInt32BE(size, 1); return b; };
const call = client.request({ ':method': 'POST', ':path': '/corpus.Echo/Say', 'content-type': 'application/grpc+proto', te: 'trailers' });
call.resume().on('close', () => client.close());
for (const size of ${JSON.stringify(grpcSizes.up)}) call.write(frame(size));
call.end();`;
  // Other names are not found, so that it stays here. There is no answer: the browser is ended once it has asked.
  const quic = `"${browser}" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --user-data-dir=${folder}/browser --enable-quic --origin-to-force-quic-on=quic.example:${ports.quic} --host-resolver-rules='MAP quic.example 127.0.0.1, MAP * ~NOTFOUND' https://quic.example:${ports.quic}/ > /dev/null 2>&1 &
browser=$!
curl -s -o /dev/null --max-time 60 ${at(ports.http)}/quic-seen
kill $browser
wait $browser`;
  return [
    `curl -s -o /dev/null --compressed -H 'Host: one.example' ${at(ports.http)}/gzip ${at(ports.http)}/absent`,
    `curl -s -o /dev/null -d some=form -H 'Host: two.example' ${at(ports.http)}/post`,
    `curl -s -o /dev/null ${at(ports.http)}/chunks`,
    `curl -s -o /dev/null --compressed ${at(ports.http)}/deflate ${at(ports.http)}/br ${at(ports.http)}/zstd ${at(ports.http)}/zipped-chunks`,
    `curl -s -o /dev/null --http2-prior-knowledge ${at(ports.h2c)}/h2 ${at(ports.h2c)}/absent`,
    `curl -s -o /dev/null --socks5-hostname 127.0.0.1:${ports.socks} http://far.example:8099/absent`,
    `openssl s_client -connect 127.0.0.1:${ports.tls} -servername tls.example -alpn h2,http/1.1 < /dev/null > /dev/null 2>&1`,
    `openssl s_client -tls1_2 -connect 127.0.0.1:${ports.tls} -servername old.example < /dev/null > /dev/null 2>&1`,
    script('socket.cjs', socket),
    script('pipeline.cjs', pipeline),
    script('grpc.cjs', grpc),
    ...optional('dig', 'dig', `dig @127.0.0.1 -p ${ports.dns} www.example.com A +tries=1 > /dev/null\ndig +tcp @127.0.0.1 -p ${ports.dnsTcp} tcp.example.com A +tries=1 > /dev/null`), // prettier-ignore
    ...optional('h2load', 'h2load', `h2load -n 6 -c 2 -m 2 ${at(ports.h2c)}/h2 > /dev/null`),
    ...optional('ssh', 'ssh', `ssh -p ${ports.ssh} -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@127.0.0.1 true 2> /dev/null`), // prettier-ignore
    ...optional(browser, 'Chromium', quic),
  ];
}
