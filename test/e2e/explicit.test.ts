// The explicit rung with the tools that people use: what they get through it, and what their flows look like. And the
// ladder: what is captured where a rung is missing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import https from 'node:https';
import path from 'node:path';
import { CloseReason, Mode } from '../../gen/flow_pb.ts';
import { asRoot, missing, TestDaemon, type Result, type WireClient, skipFor } from '../support/daemon.ts';

const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

describe('the explicit proxy', function () {
  this.timeout(120_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  let web: http.Server;
  let port = 0;
  /** Method, path and the Host field of each request. */
  let requests: string[] = [];

  before(async function () {
    skipFor(this, missing());
    web = http.createServer((request, response) => {
      requests.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers['proxy-connection']}`);
      let size = 0;
      request.on('data', (piece: Buffer) => (size += piece.length));
      request.on('end', () => {
        if (request.url?.startsWith('/package'))
          return response.end(
            JSON.stringify({
              name: 'package',
              'dist-tags': { latest: '1.2.3' },
              versions: { '1.2.3': { name: 'package', version: '1.2.3', dist: {} } },
            }),
          );
        response.end(`${request.url} got ${size}`);
      });
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    port = (web.address() as AddressInfo).port;
  });
  after(() => web?.close());
  beforeEach(async () => {
    requests = [];
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
  });
  afterEach(() => daemon.dispose());

  const run = (...command: string[]): Promise<Result> => daemon.run(command, ['--mode', 'explicit']);
  const shell = (text: string): Promise<Result> => run('sh', '-c', text);

  it('carries plain HTTP, several requests and hosts on one connection, each to its own server', async function () {
    if (!has('curl')) return this.skip();
    const { stdout, stderr } = await run(
      'curl', '-sS', `http://localhost:${port}/a`, `http://127.0.0.1:${port}/b`, `http://127.0.0.1:${port}/c`,
    ); // prettier-ignore
    assert.equal(stdout, '/a got 0/b got 0/c got 0', stderr);
    assert.deepEqual(requests, [
      `GET /a localhost:${port} undefined`,
      `GET /b 127.0.0.1:${port} undefined`,
      `GET /c 127.0.0.1:${port} undefined`,
    ]);
    await subscriber.until(
      'their flows',
      () => subscriber.closed.filter((c) => c.reason === CloseReason.eof).length >= 2,
    );
    const made = subscriber.opened.filter((o) => o.destination?.address.length === 4);
    assert.deepEqual(
      made.map((o) => [o.host, o.destination?.port, o.process?.name]),
      [
        ['localhost', port, 'curl'],
        ['', port, 'curl'],
      ],
    );
  });

  it('passes bodies on, sized and chunked', async function () {
    if (!has('curl')) return this.skip();
    const file = path.join(daemon.folder, 'body');
    fs.writeFileSync(file, Buffer.alloc(3_000_000, 7), { mode: 0o644 });
    for (const header of ['Expect:', 'Transfer-Encoding: chunked']) {
      const { stdout, stderr } = await run(
        'curl',
        '-sS',
        '-H',
        header,
        '--data-binary',
        `@${file}`,
        `http://127.0.0.1:${port}/`,
      );
      assert.equal(stdout, '/ got 3000000', stderr);
    }
  });

  it('makes tunnels by CONNECT, SOCKS 5 with a name and an address, SOCKS 4 and 4a', async function () {
    if (!has('curl')) return this.skip();
    for (const [scheme, host] of [
      ['http', 'localhost'],
      ['socks5', '127.0.0.1'],
      ['socks5h', 'localhost'],
      ['socks4', '127.0.0.1'],
      ['socks4a', 'localhost'],
    ]) {
      const { stdout, stderr } = await shell(
        `curl -sS -p --proxy ${scheme}://\${http_proxy#http://} http://${host}:${port}/${scheme}`,
      );
      assert.equal(stdout, `/${scheme} got 0`, stderr);
    }
  });

  it('tells failures by the codes of each protocol, and flows tell the reason', async function () {
    if (!has('curl')) return this.skip();
    const refusing = net.createServer().listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const closed = (refusing.address() as AddressInfo).port;
    refusing.close();
    await once(refusing, 'close');
    const plain = await run('curl', '-s', '-w', ' %{http_code}', `http://127.0.0.1:${closed}/`);
    assert.match(plain.stdout, /Connection refused.* 502$/s);
    const tunnel = await run('curl', '-s', '-p', '-w', '%{http_connect}', `http://127.0.0.1:${closed}/`);
    assert.deepEqual([tunnel.stdout, tunnel.status], ['502', 56]);
    const socks = await shell(`curl -sS --proxy $ALL_PROXY http://127.0.0.1:${closed}/`);
    assert.match(socks.stderr, /\(5\)/); // RFC 1928: connection refused
    const name = await run('curl', '-s', '-w', ' %{http_code}', 'http://no-such-host.invalid/');
    assert.match(name.stdout, /no-such-host\.invalid could not be resolved.* 50[24]$/s);
    await subscriber.until('the flow of the name', () =>
      subscriber.opened.some((o) => o.host === 'no-such-host.invalid'),
    );
    assert.equal((await subscriber.flowTo(closed)).closed.reason, CloseReason.refused);
  });

  it('carries TLS untouched', async function () {
    if (!has('curl') || !has('openssl')) return this.skip();
    const [key, cert] = ['key', 'cert'].map((name) => path.join(daemon.folder, name)) as [string, string];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], { encoding: 'utf8' }); // prettier-ignore
    assert.equal(made.status, 0, made.stderr);
    fs.chmodSync(cert, 0o644);
    const server = https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, (_, r) =>
      r.end('secret'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const secure = (server.address() as AddressInfo).port;
    try {
      const { stdout, stderr } = await run('curl', '-sS', '--cacert', cert, `https://localhost:${secure}/`);
      assert.equal(stdout, 'secret', stderr);
    } finally {
      server.close();
    }
  });

  for (const [tool, command] of [
    ['wget', () => `wget -q -O - http://127.0.0.1:${port}/tool`],
    [
      'python3',
      () =>
        `python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:${port}/tool').read().decode())"`,
    ],
    [
      'node',
      () => `${process.execPath} -e "fetch('http://127.0.0.1:${port}/tool').then(r => r.text()).then(console.log)"`,
    ],
    ['git', () => `git ls-remote http://127.0.0.1:${port}/tool; true`],
    ['npm', () => `npm view --registry http://127.0.0.1:${port}/ package version`],
  ] as const)
    it(`is used by ${tool}`, async function () {
      if (!has(tool)) return this.skip();
      const { stderr, stdout } = await shell(`cd ${daemon.folder}; ${command()}`);
      assert.ok(requests.length > 0, stderr);
      if (tool === 'npm') assert.match(stdout, /1\.2\.3/);
      else if (tool !== 'git') assert.match(stdout, /\/tool got 0/, stderr);
      await subscriber.until('its flow', () => subscriber.opened.some((o) => o.destination?.port === port));
    });

  it('serves nobody but the user whose capture it is', async function () {
    if (!asRoot || !has('curl')) return this.skip();
    const capture = daemon.capture(['sh', '-c', 'echo $http_proxy; read x'], ['--mode', 'explicit']);
    const [line] = (await once(capture.stdout!, 'data')) as [Buffer];
    const proxy = String(line).trim();
    const other = spawnSync('curl', ['-s', '--proxy', proxy, '--noproxy', '', `http://127.0.0.1:${port}/other`]);
    assert.notEqual(other.status, 0);
    assert.deepEqual(requests, []);
    capture.stdin!.end('\n');
    await once(capture, 'close');
  });
});

describe('the ladder', function () {
  this.timeout(60_000);
  let daemon: TestDaemon;
  before(function () {
    skipFor(this, missing());
  });
  beforeEach(async () => (daemon = await new TestDaemon().start()));
  afterEach(() => daemon.dispose());

  for (const [name, mode] of [
    ['tproxy', Mode.tproxy],
    ['redirect', Mode.redirect],
    ['explicit', Mode.explicit],
  ] as const)
    it(`tells the mode ${name} and its blind spots while a capture lasts`, async () => {
      const subscriber = await daemon.subscriber();
      const { status, stderr } = await daemon.run(['true'], ['--mode', name]);
      assert.equal(status, 0, stderr);
      const told = (): Mode[] => subscriber.frames.flatMap((f) => f.status?.openCaptures.map((c) => c.mode) ?? []);
      await subscriber.until('the mode', () => told().includes(mode));
      const about = subscriber.frames.flatMap((f) => f.status?.openCaptures ?? [])[0]!;
      assert.deepEqual([about.command, about.fallback], [['true'], '']);
      assert.ok(about.blindSpots.length > 3);
      await subscriber.until('its end', () => subscriber.frames.findLast((f) => f.status)?.status?.captures === 0);
    });

  it('goes down to the explicit proxy where namespaces are refused, and says so', async function () {
    if (!has('unshare')) return this.skip();
    const subscriber = await daemon.subscriber();
    const launcher = daemon.capture(['true']).spawnargs.find((word) => word.endsWith('/flowtap-run'))!;
    const { status, stderr } = await daemon.result(
      daemon.spawn([
        'unshare', '--user', '--map-current-user', '--keep-caps',
        'sh', '-c', `echo 0 > /proc/sys/user/max_net_namespaces && exec ${launcher} -- true`,
      ]), // prettier-ignore
    );
    assert.equal(status, 0, stderr);
    assert.match(stderr, /only programs that obey proxy variables are seen here.*userns-limit/);
    await subscriber.until('the fallback', () =>
      subscriber.frames.some((f) =>
        f.status?.openCaptures.some((c) => c.mode === Mode.explicit && /max_net_namespaces/.test(c.fallback)),
      ),
    );
  });
});
