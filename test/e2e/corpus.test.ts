// Real programs, captured by the real proxy into a file: what tshark makes of the file, and what our dissectors do.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CaptureLoad } from '../../src/capture/load.ts';
import { writePcapng } from '../../src/capture/pcapng.ts';
import { decodeContent } from '../../src/dissect/content.ts';
import type { Message } from '../../src/dissect/dissection.ts';
import { dissectFlow } from '../../src/dissect/feed.ts';
import type { Flow } from '../../src/flow/model.ts';
import { FlowStore } from '../../src/flow/store.ts';
import { nodeCodecs } from '../../src/node/contentCodecs.ts';
import { programsIn } from '../../src/proxy/paths.ts';
import { skipFor } from '../support/daemon.ts';
import { grpcSizes, startServers, talk, zipped, type CorpusServers } from '../support/corpus-servers.ts';
import { haveTshark, tshark, tsharkKnows } from '../support/tshark.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
const programs = programsIn(path.join(root, 'dist'));
const uid = 1000;

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'the daemon runs on Linux';
  if (!haveTshark) return 'tshark is not installed';
  for (const file of [cli, programs.daemon, programs.launcher, programs.addon])
    if (!fs.existsSync(file)) return `${path.relative(root, file)} is not built`;
  const check = spawnSync(programs.launcher, ['--check'], { encoding: 'utf8' });
  return /"mode":"tproxy"/.test(check.stdout) ? undefined : `captures are impossible: ${check.stdout}${check.stderr}`;
}

describe('what programs say, as tshark and as we read it', function () {
  this.timeout(120_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-corpus-'));
  const file = path.join(folder, 'corpus.pcapng');
  const closers: (() => void)[] = [];
  let ports: CorpusServers;
  let flows: Flow[] = [];
  let store: FlowStore;

  before(async function () {
    skipFor(this, missing());
    ports = await startServers(folder, closers);
    const commands = talk(ports, folder);
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
    // To renew test/fixtures/captures/corpus.pcapng, which fuzzing starts from; paths are this machine's own.
    const keep = process.env.FLOWTAP_KEEP_CORPUS;
    const bare = flows.map((f) => ({ ...f, process: { ...f.process, path: '', arguments: [] } }));
    if (keep) fs.writeFileSync(keep, Buffer.concat([...writePcapng(bare, store, 'Flowtap')]));
  });
  after(() => closers.forEach((close) => close()));

  const messages = (port: number): { flow: Flow; messages: readonly Message[] }[] =>
    flows
      .filter((f) => f.destination.port === port)
      .map((flow) => ({ flow, messages: dissectFlow(flow, store).messages }));
  /** Values of a field of every packet to or from a server's port, one row per value; the protocol is told. */
  const judge = (layer: string, port: number, fields: readonly string[], filter: string): string[][] => {
    const transport = port === ports.dns || port === ports.quic ? 'udp' : 'tcp';
    return tshark(file, fields, '-d', `${transport}.port==${port},${layer}`, '-Y', `${transport}.port==${port} && ${filter}`); // prettier-ignore
  };
  const sorted = (values: readonly string[]): string[] => [...values].sort();

  it('HTTP/1.1: host, method, target and status', () => {
    const http1 = messages(ports.http).flatMap((f) => f.messages.filter((m) => m.kind === 'http'));
    // Several in one packet stand side by side.
    const rows = judge('http', ports.http, ['http.host', 'http.request.method', 'http.request.uri'], 'http.request');
    const requests = rows.map((row) => row.map((v) => v.split(','))).flatMap(([hosts, verbs, targets]) => hosts!.map((host, i) => `${host} ${verbs![i]} ${targets![i]}`)); // prettier-ignore
    assert.ok(requests.length >= 12, `${requests.length} requests`);
    assert.deepEqual(
      sorted(http1.map((m) => [m.request?.authority, m.request?.method, m.request?.target].join(' '))),
      sorted(requests),
    );
    const answers = judge('http', ports.http, ['http.response.code'], 'http.response').flatMap(([v]) => v!.split(','));
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

  it('TLS: version', () => {
    const rows = judge('tls', ports.tls, ['tls.handshake.version', 'tls.handshake.extensions.supported_version'], 'tls.handshake.type==2'); // prettier-ignore
    const versions: Readonly<Record<string, string>> = { '0x0303': 'TLS 1.2', '0x0304': 'TLS 1.3' };
    assert.deepEqual(
      fields('ServerHello', 'Version'),
      rows.map(([legacy, supported]) => versions[supported || legacy!]),
    );
    assert.deepEqual(sorted(fields('ServerHello', 'Version')), ['TLS 1.2', 'TLS 1.3']);
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

  it('bodies: chunked, in every content coding', () => {
    const coded = messages(ports.http)
      .flatMap((f) => f.messages)
      .flatMap((m) => (m.kind === 'http' && m.response?.body.contentEncoding ? [m.response.body] : []));
    assert.deepEqual(
      sorted(coded.map((b) => b.contentEncoding)),
      sorted(judge('http', ports.http, ['http.content_encoding'], 'http.content_encoding').flat()),
    );
    assert.deepEqual([...new Set(coded.map((b) => b.contentEncoding))].sort(), ['br', 'deflate', 'gzip', 'zstd']);
    for (const body of coded)
      for (const decoders of body.contentEncoding === 'br' ? [nodeCodecs] : [nodeCodecs, {}])
        assert.equal(Buffer.from(decodeContent(body, decoders).bytes).toString(), zipped, body.contentEncoding);
    const chunked = judge('http', ports.http, ['http.file_data'], 'http.transfer_encoding == "chunked"').flat();
    assert.ok(chunked.length >= 2);
  });

  it('pipelining: every answer stands beside its own request', () => {
    const pairs = messages(ports.http)
      .flatMap((f) => f.messages)
      .flatMap((m) => (m.kind === 'http' ? [m] : []))
      .filter((m) => /^p[123]\./.test(m.request?.authority ?? ''))
      .map((m) => `${m.request?.method} ${m.request?.target} ${m.response?.status}`);
    assert.deepEqual(pairs, ['GET /gzip 200', 'GET /chunks 200', 'GET /absent 404']);
  });

  it('gRPC: messages, their sizes, and how the call ended', () => {
    const [call] = messages(ports.grpc);
    const sizes = (direction: 'up' | 'down'): number[] =>
      call!.messages.flatMap((m) => (m.kind === 'frame' && m.direction === direction ? [m.body.length] : []));
    assert.deepEqual([sizes('up'), sizes('down')], [grpcSizes.up, grpcSizes.down]);
    const judged = judge('http2', ports.grpc, ['grpc.message_length'], 'grpc').flatMap(([v]) => v!.split(','));
    assert.deepEqual(sorted(judged), sorted([...sizes('up'), ...sizes('down')].map(String)));
    assert.equal(call!.flow.application?.summary, 'POST /corpus.Echo/Say grpc-status 0');
  });

  it('DNS over UDP and TCP: names, types and answers', function () {
    for (const [port, name] of [[ports.dns, 'www.example.com'], [ports.dnsTcp, 'tcp.example.com']] as const) {
      const said = messages(port);
      if (said.length === 0) this.skip();
      const dns = said.flatMap((f) => f.messages.flatMap((m) => (m.kind === 'dns' ? [m.dns] : [])));
      const rows = judge('dns', port, ['dns.qry.name', 'dns.a'], 'dns');
      assert.equal(rows[0]?.[0], name);
      assert.deepEqual(
        dns.map((d) => [d.questions[0]?.name, d.answers.map((a) => a.data).join()]),
        rows,
      );
    }
  }); // prettier-ignore

  it('SOCKS5: where it goes, and what the tunnel carries', () => {
    const [tunnel] = messages(ports.socks);
    const destinations = tunnel!.messages.flatMap((m) => (m.kind === 'handshake' && m.title === 'Request' ? [m.fields[1]?.[1]] : [])); // prettier-ignore
    const rows = judge('socks', ports.socks, ['socks.remote_name', 'socks.port'], 'socks.remote_name');
    assert.deepEqual(destinations, [rows[0]!.map((v) => v.split(',')[0]).join(':')]);
    assert.equal(tunnel!.flow.application?.summary, 'GET /absent 404');
    assert.equal(tunnel!.flow.host, 'far.example');
  });

  it('SSH: the identifications', function () {
    const [login] = messages(ports.ssh);
    if (!login) this.skip();
    const said = login.messages.flatMap((m) => (m.kind === 'handshake' ? [m.fields[0]![1]] : []));
    assert.deepEqual(sorted(said), sorted(judge('ssh', ports.ssh, ['ssh.protocol'], 'ssh.protocol').flat()));
    assert.equal(said.length, 2);
  });

  it('QUIC: server name and ALPN of a browser', function () {
    const said = messages(ports.quic);
    if (said.length === 0) this.skip();
    const hellos = said.flatMap((f) => f.messages.filter((m) => m.kind === 'handshake'));
    const field = (name: string): string[] => hellos.map((m) => m.fields.find(([n]) => n === name)?.[1] ?? '');
    assert.ok(hellos.length > 0);
    assert.deepEqual([...new Set(field('Server name (SNI)'))], ['quic.example']);
    const names = judge('quic', ports.quic, ['tls.handshake.extensions_server_name', 'tls.handshake.extensions_alpn_str'], 'tls.handshake.type==1'); // prettier-ignore
    // What tshark puts together of a hello in several packets depends on its version.
    if (names.length === 0) console.log('    this tshark does not put the hello together');
    else
      assert.deepEqual(
        [...new Set(hellos.map((_, i) => `${field('Server name (SNI)')[i]} ${field('ALPN')[i]}`))],
        [...new Set(names.map((r) => `${r[0]} ${r[1]!.replaceAll(',', ', ')}`))],
      );
  });

  it('names the process of every flow in the capture', () => {
    assert.ok(flows.length >= 16);
    for (const { process: p } of flows)
      assert.match(
        p.name,
        /^(curl|openssl|node|MainThread|dig|isc-net-0000|h2load|ssh|chromium|chrome|NetworkService|.*Chrome.*|.*Thread.*)$/,
      );
  });
});
