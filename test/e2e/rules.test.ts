// Rules through the real daemon, with real programs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { CloseReason, type Rules } from '../../gen/flow_pb.ts';
import { missing, root, TestDaemon, type Result, type WireClient, skipFor } from '../support/daemon.ts';

const size = 60_000;

describe('rules', function () {
  this.timeout(300_000);
  let daemon: TestDaemon;
  let subscriber: WireClient;
  let server: http.Server;
  let port = 0;
  let requests = 0;

  before(function () {
    skipFor(this, missing() ?? (spawnSync('curl', ['--version']).status === 0 ? undefined : 'curl is not installed'));
  });
  beforeEach(async () => {
    daemon = await new TestDaemon().start();
    subscriber = await daemon.subscriber();
    requests = 0;
    server = http.createServer((_, response) => {
      requests++;
      response.end(Buffer.alloc(size, 'x'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await daemon.dispose();
    server.closeAllConnections();
    server.close();
  });

  async function setRules(text: string): Promise<Rules> {
    const before = subscriber.frames.length;
    subscriber.send({ setRules: { text } });
    const answer = (): Rules | undefined => subscriber.frames.slice(before).flatMap((f) => f.rules ?? [])[0];
    await subscriber.until('an answer to the rules', () => answer() !== undefined);
    return answer()!;
  }
  const curl = (): Promise<Result> => daemon.run(['curl', '-s', '-o', 'body', '-w', '%{size_download}', `http://127.0.0.1:${port}/`]); // prettier-ignore
  const flowtap = (args: readonly string[], input = ''): Promise<Result> => {
    const child = daemon.spawn([process.execPath, path.join(root, 'dist/cli.js'), ...args]);
    child.stdin!.end(input);
    return daemon.result(child);
  };

  it('block: the program is refused, the server hears nothing, and the flow names the rule', async () => {
    await setRules(`pass process:curl port:1\nblock process:curl host:127.* # not today\n`);
    assert.equal((await curl()).status, 7); // refused, as where nobody listens
    assert.equal(requests, 0);
    const { opened, closed } = await subscriber.flowTo(port);
    assert.equal(closed.reason, CloseReason.rule);
    assert.equal(opened.rule, 'block process:curl host:127.*');
    const { counts } = await setRules('block process:nothing');
    assert.deepEqual(
      counts.map((c) => [c.line, c.rule, c.applied]),
      [[1, 'block process:nothing', 0]],
    );
    assert.equal((await curl()).status, 0);
  });

  it('delay: the connection is made later, once, also where the program asks again meanwhile', async () => {
    // The kernel sends a first packet that nobody answers again after a second.
    await setRules(`delay 1200ms port:${port}`);
    assert.deepEqual(await curl(), { status: 0, stdout: String(size), stderr: '' });
    const { opened, closed } = await subscriber.flowTo(port);
    // Both times are of the wall clock, which may be slewed meanwhile; the timer is of the monotonic one.
    const delayed = closed.connectedAt - opened.openedAt;
    assert.ok(delayed > 1_000_000, `delayed by ${delayed} us`);
    assert.equal(subscriber.opened.filter((o) => o.destination?.port === port).length, 1);
    assert.equal(requests, 1);
    assert.equal(closed.reason, CloseReason.eof);
  });

  it('rate: all of it comes, no faster than allowed', async () => {
    await setRules(`rate 100KB/s down port:${port}`);
    assert.deepEqual(await curl(), { status: 0, stdout: String(size), stderr: '' });
    const { closed } = await subscriber.flowTo(port);
    // The first tenth of a second's worth is free.
    assert.ok(closed.closedAt - closed.connectedAt >= 490_000);
    assert.ok(closed.bytesDown > size);
  });

  it('reset: after exactly so many bytes', async () => {
    await setRules(`reset after 1000 down port:${port}`);
    assert.equal((await curl()).status, 56);
    const { closed } = await subscriber.flowTo(port);
    assert.deepEqual([closed.reason, closed.bytesDown], [CloseReason.rule, 1000]);
  });

  it('block: a datagram is refused, as where nobody listens', async () => {
    const peer = dgram.createSocket('udp4');
    let heard = 0;
    peer.on('message', () => heard++);
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    await setRules(`block protocol:udp port:${peer.address().port}`);
    const code = await daemon.script(`
      const s = dgram.createSocket('udp4');
      s.on('error', (e) => { print(e.code); s.close(); });
      s.connect(${peer.address().port}, '127.0.0.1', () => s.send('x'));`);
    assert.equal(code, 'ECONNREFUSED');
    const { closed } = await subscriber.flowTo(peer.address().port);
    assert.equal(closed.reason, CloseReason.rule);
    assert.deepEqual([closed.datagramsUp, closed.lost?.datagramsUp], [0, 1]);
    assert.equal(heard, 0);
    peer.close();
  });

  it('delay and rate: datagrams wait and arrive', async () => {
    const peer = dgram.createSocket('udp4');
    peer.on('message', (data, from) => peer.send(data, from.port, from.address));
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    await setRules(`delay 100ms rate 20KB/s protocol:udp`);
    const got = await daemon.script(`
      const s = dgram.createSocket('udp4'), got = [];
      s.on('message', (d) => { got.push(d.toString().trim()); if (got.length === 5) { print(got); s.close(); } });
      for (let i = 0; i < 5; i++) s.send(String(i).padEnd(1000), ${peer.address().port}, '127.0.0.1');`);
    assert.deepEqual(got, ['0', '1', '2', '3', '4']);
    peer.close();
  });

  it('are set, listed and taken back on the command line; a broken file changes nothing', async () => {
    const rule = `block process:curl port:${port}`;
    assert.deepEqual(await flowtap(['rules', 'set', '-'], `${rule}\n`), {
      status: 0,
      stdout: 'One rule is in force for flows that open from now on.\n',
      stderr: '',
    });
    const broken = await flowtap(['rules', 'set', '-'], '# a\n\nblock port:https\n');
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /standard input:3:12: "https" does not fit "port": it needs a number\.\nNothing was/);
    assert.notEqual((await curl()).status, 0);
    const listed = await flowtap(['rules', 'list', '--json']);
    assert.deepEqual(JSON.parse(listed.stdout), { text: `${rule}\n`, rules: [{ line: 1, rule, flows: 1 }] });
    assert.equal((await flowtap(['rules', 'clear'])).stdout, 'One rule was taken back.\n');
    assert.equal((await curl()).status, 0);
  });
});
