// Real programs, captured by the real proxy into a file: what tshark makes of the file, and what our dissectors do.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { CaptureLoad } from '../../src/capture/load.ts';
import type { Message } from '../../src/dissect/dissection.ts';
import { dissectFlow } from '../../src/dissect/feed.ts';
import type { Flow } from '../../src/flow/model.ts';
import { FlowStore } from '../../src/flow/store.ts';
import { programsIn } from '../../src/proxy/paths.ts';
import { haveTshark, tshark, tsharkKnows } from '../support/tshark.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
const programs = programsIn(path.join(root, 'dist'));
const uid = 1000;
const have = (program: string, ...args: string[]): boolean => spawnSync(program, args).error === undefined;

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the daemon runs on Linux';
  if (!haveTshark) return 'tshark is not installed';
  for (const file of [cli, programs.daemon, programs.launcher, programs.addon])
    if (!fs.existsSync(file)) return `${path.relative(root, file)} is not built`;
  const check = spawnSync(programs.launcher, ['--check'], { encoding: 'utf8' });
  return /"mode":"tproxy"/.test(check.stdout) ? undefined : `captures are impossible: ${check.stdout}${check.stderr}`;
}

/** An answer to any question for an address: 192.0.2.1 (RFC 1035). */
function dnsAnswer(query: Buffer): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  return Buffer.concat([head, question, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1])]);
}

describe('what programs say, as tshark and as we read it', function () {
  this.timeout(120_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-corpus-'));
  const file = path.join(folder, 'corpus.pcapng');
  const closers: (() => void)[] = [];
  const ports = { http: 0, h2c: 0, tls: 0, dns: 0 };
  let flows: Flow[] = [];
  let store: FlowStore;

  async function listen(server: net.Server): Promise<number> {
    closers.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  before(async function () {
    const reason = missing();
    if (reason) {
      console.log(`    skipped: ${reason}`);
      return this.skip();
    }
    const page = http.createServer((request, response) => {
      if (request.url === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('zipped'));
      else if (request.url === '/post') request.resume().on('end', () => response.writeHead(201).end());
      else if (request.url === '/chunks') {
        response.write('first');
        response.end('second');
      } else response.writeHead(404).end('nothing here');
    });
    page.on('upgrade', (request, socket) => {
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`; // RFC 6455
      const accept = createHash('sha1').update(key).digest('base64');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      socket.once('data', () => {
        socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
        socket.end(Buffer.from([0x88, 0]));
      });
    }); // prettier-ignore
    ports.http = await listen(page);
    const h2c = http2.createServer((request, response) => {
      response.writeHead(request.url === '/h2' ? 200 : 404).end('h2');
    });
    ports.h2c = await listen(h2c);
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=tls.example', '-days', '2']); // prettier-ignore
    assert.equal(made.status, 0, String(made.stderr));
    const options = { key: fs.readFileSync(key), cert: fs.readFileSync(cert), ALPNProtocols: ['http/1.1'] };
    ports.tls = await listen(tls.createServer(options, (socket) => socket.on('error', () => {}).end('bye')));
    const dns = dgram.createSocket('udp4');
    dns.on('message', (query, from) => dns.send(dnsAnswer(query), from.port, from.address));
    dns.bind(0, '127.0.0.1');
    await once(dns, 'listening');
    closers.push(() => dns.close());
    ports.dns = dns.address().port;

    const at = (port: number): string => `http://127.0.0.1:${port}`;
    const socket = `const w = new WebSocket('ws://127.0.0.1:${ports.http}/ws'); w.onopen = () => w.send('from the client'); w.onclose = () => process.exit(0)`;
    const commands = [
      `curl -s -o /dev/null --compressed -H 'Host: one.example' ${at(ports.http)}/gzip ${at(ports.http)}/absent`,
      `curl -s -o /dev/null -d some=form -H 'Host: two.example' ${at(ports.http)}/post`,
      `curl -s -o /dev/null ${at(ports.http)}/chunks`,
      `curl -s -o /dev/null --http2-prior-knowledge ${at(ports.h2c)}/h2 ${at(ports.h2c)}/absent`,
      `openssl s_client -connect 127.0.0.1:${ports.tls} -servername tls.example -alpn h2,http/1.1 < /dev/null > /dev/null 2>&1`,
      `openssl s_client -tls1_2 -connect 127.0.0.1:${ports.tls} -servername old.example < /dev/null > /dev/null 2>&1`,
      `"${process.execPath}" -e "${socket}"`,
      ...(have('dig', '-v') ? [`dig @127.0.0.1 -p ${ports.dns} www.example.com A +tries=1 > /dev/null`] : []),
      ...(have('h2load', '--version') ? [`h2load -n 6 -c 2 -m 2 ${at(ports.h2c)}/h2 > /dev/null`] : []),
    ];
    for (const program of ['dig', 'h2load']) if (!have(program, '--version')) console.log(`    without ${program}, which is not installed`); // prettier-ignore
    const env = { ...process.env, HOME: folder, FLOWTAP_RUNTIME_DIR: path.join(folder, 'run') };
    const asRoot = process.getuid?.() === 0;
    if (asRoot) fs.chownSync(folder, uid, uid);
    const flowtap = async (...args: string[]): Promise<string> => {
      const command = [process.execPath, cli, ...args];
      const ordinary = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
      const [program, ...rest] = asRoot ? [...ordinary, ...command] : command;
      const child = spawn(program!, rest, { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      let said = '';
      child.stderr.on('data', (piece) => (said += String(piece)));
      await once(child, 'close');
      return said;
    };
    closers.push(() => void flowtap('stop').then(() => fs.rmSync(folder, { recursive: true, force: true })));
    const said = await flowtap('run', '--save', file, '--', 'sh', '-c', commands.join('\n'));
    assert.ok(fs.existsSync(file), said);

    store = new FlowStore({}, { schedule: () => {} });
    const load = new CaptureLoad(store, { bodyLimit: 1 << 20 });
    load.push(fs.readFileSync(file));
    assert.equal(load.end().error, undefined);
    flows = Array.from({ length: store.size }, (_, i) => store.flow(store.first + i)!);
  });
  after(() => closers.forEach((close) => close()));

  const messages = (port: number): { flow: Flow; messages: readonly Message[] }[] =>
    flows
      .filter((f) => f.destination.port === port)
      .map((flow) => ({ flow, messages: dissectFlow(flow, store).messages }));
  /** Values of a field of every packet to or from a server's port, one row per value; the protocol is told. */
  const judge = (layer: string, port: number, fields: readonly string[], filter: string): string[][] => {
    const transport = layer === 'dns' ? 'udp' : 'tcp';
    return tshark(file, fields, '-d', `${transport}.port==${port},${layer}`, '-Y', `${transport}.port==${port} && ${filter}`); // prettier-ignore
  };
  const sorted = (values: readonly string[]): string[] => [...values].sort();

  it('HTTP/1.1: host, method, target and status', () => {
    const http1 = messages(ports.http).flatMap((f) => f.messages.filter((m) => m.kind === 'http'));
    const requests = judge(
      'http',
      ports.http,
      ['http.host', 'http.request.method', 'http.request.uri'],
      'http.request',
    );
    assert.equal(requests.length, 5);
    assert.deepEqual(
      sorted(http1.map((m) => [m.request?.authority, m.request?.method, m.request?.target].join(' '))),
      sorted(requests.map((r) => r.join(' '))),
    );
    const answers = judge('http', ports.http, ['http.response.code'], 'http.response').flat();
    assert.deepEqual(sorted(http1.map((m) => String(m.response?.status))), sorted(answers));
  });

  it('HTTP/2 in clear: authority, method, path and status of every stream', () => {
    const http2s = messages(ports.h2c).flatMap((f) => f.messages.filter((m) => m.kind === 'http'));
    const of = (field: string): string[] =>
      judge('http2', ports.h2c, [field], field).flatMap(([values]) => values!.split(','));
    assert.ok(http2s.length >= 2);
    assert.deepEqual(sorted(http2s.map((m) => m.request?.authority ?? '')), sorted(of('http2.headers.authority')));
    assert.deepEqual(sorted(http2s.map((m) => m.request?.method ?? '')), sorted(of('http2.headers.method')));
    assert.deepEqual(sorted(http2s.map((m) => m.request?.target ?? '')), sorted(of('http2.headers.path')));
    assert.deepEqual(sorted(http2s.map((m) => String(m.response?.status))), sorted(of('http2.headers.status')));
  });

  const fields = (title: string, name: string): string[] =>
    messages(ports.tls).flatMap((f) =>
      f.messages.flatMap((m) =>
        m.kind === 'handshake' && m.title === title ? [m.fields.find(([n]) => n === name)?.[1] ?? ''] : [],
      ),
    );
  // With the port, as a line that is empty says nothing.
  const hello = (field: string): string[] =>
    judge('tls', ports.tls, ['tcp.srcport', field], 'tls.handshake.type==1').map(([, value]) => value!);

  it('TLS: server name, ALPN and cipher', () => {
    assert.deepEqual(sorted(hello('tls.handshake.extensions_server_name')), ['old.example', 'tls.example']);
    assert.deepEqual(sorted(fields('ClientHello', 'Server name (SNI)')), ['old.example', 'tls.example']);
    assert.deepEqual(
      sorted(fields('ClientHello', 'ALPN').map((alpn) => alpn.replaceAll(', ', ','))),
      sorted(hello('tls.handshake.extensions_alpn_str')),
    );
    const suites = judge('tls', ports.tls, ['tls.handshake.ciphersuite'], 'tls.handshake.type==2').flat();
    // Registry of TLS cipher suites, IANA: what these two can agree on.
    const names: Readonly<Record<string, string>> = {
      '0x1301': 'TLS_AES_128_GCM_SHA256',
      '0x1302': 'TLS_AES_256_GCM_SHA384',
      '0x1303': 'TLS_CHACHA20_POLY1305_SHA256',
      '0xc02b': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      '0xc02c': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    };
    assert.deepEqual(
      fields('ServerHello', 'Cipher suite'),
      suites.map((suite) => names[suite.toLowerCase()]),
    );
  });

  it('TLS: JA4', function () {
    if (!tsharkKnows('tls.handshake.ja4')) {
      console.log('    skipped: this tshark knows no JA4');
      this.skip();
    }
    assert.deepEqual(sorted(fields('ClientHello', 'JA4')), sorted(hello('tls.handshake.ja4')));
  });

  it('WebSocket: the frames and their text', () => {
    const frames = messages(ports.http).flatMap((f) => f.messages.filter((m) => m.kind === 'frame'));
    assert.deepEqual(
      frames.filter((m) => m.type === 'text').map((m) => [m.direction, m.text]),
      [
        ['up', 'from the client'],
        ['down', 'hello'],
      ],
    );
    const judged = judge('http', ports.http, ['websocket.opcode'], 'websocket').flatMap(([v]) => v!.split(','));
    assert.equal(frames.length, judged.length);
  });

  it('DNS: names, types and answers', function () {
    const said = messages(ports.dns);
    if (said.length === 0) this.skip();
    const dns = said.flatMap((f) => f.messages.flatMap((m) => (m.kind === 'dns' ? [m.dns] : [])));
    const rows = judge('dns', ports.dns, ['dns.qry.name', 'dns.a'], 'dns');
    assert.deepEqual(
      dns.map((d) => [d.questions[0]?.name, d.answers.map((a) => a.data).join()]),
      rows,
    );
  });

  it('names the process of every flow in the capture', () => {
    assert.ok(flows.length >= 9);
    for (const { process: p } of flows)
      assert.match(p.name, /^(curl|openssl|node|MainThread|dig|isc-net-0000|h2load)$/);
  });
});
