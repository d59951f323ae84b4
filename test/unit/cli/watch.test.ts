import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CloseReason } from '../../../gen/flow_pb.ts';
import { StreamOutput } from '../../../src/cli/output.ts';
import type { FlowJson } from '../../../src/flow/json.ts';
import { problem } from '../../../src/proxy/problems.ts';
import { brokenPipe, TestCli } from '../../support/cli-context.ts';
import { FakeProxy } from '../../support/fake-proxy.ts';

describe('flowtap watch', () => {
  let proxy: FakeProxy;
  beforeEach(async () => (proxy = await FakeProxy.listen()));
  const started: { cli: TestCli; done: Promise<number> }[] = [];
  afterEach(async () => {
    for (const { cli, done } of started.splice(0)) {
      cli.signal('SIGINT');
      await done;
    }
    await proxy.close();
  });
  /** Runs it until what it subscribed to has been sent. */
  async function watching(...args: string[]): Promise<{ cli: TestCli; done: Promise<number> }> {
    const cli = new TestCli(proxy.path);
    const done = cli.run('watch', ...args);
    started.push({ cli, done });
    await cli.stderr.has(/watching: proxy \d+, version fake, mode tproxy\n/);
    while (![...proxy.clients].some((c) => c.subscribed)) await new Promise((resolve) => setTimeout(resolve, 1));
    return { cli, done };
  }

  it('prints a line when a flow begins and one when it has ended', async () => {
    const { cli, done } = await watching();
    const id = proxy.open();
    await cli.stdout.has(/ open\n/);
    proxy.end(id, { bytesUp: 1234, bytesDown: 56, reason: CloseReason.refused, errorText: 'Connection refused' });
    await cli.stdout.has(/refused/);
    cli.signal('SIGINT');
    assert.equal(await done, 0);
    const lines = cli.stdout.text.split('\n');
    assert.match(lines[0] ?? '', /^TIME +PROCESS +PID +PROTOCOL +DESTINATION +UP +DOWN +DURATION +STATE$/);
    assert.match(
      lines[1] ?? '',
      /^\d\d:\d\d:\d\d\.\d{3} +curl +4242 +tcp +example\.com:443 +0 B +0 B +[\d.]+ m?s +open$/,
    );
    assert.match(lines[2] ?? '', /curl +4242 +tcp +example\.com:443 +1\.2 kB +56 B .* refused \(Connection refused\)$/);
    const column = lines.map((line) => line.indexOf(line.match(/STATE|open|refused/)?.[0] ?? ' '));
    assert.deepEqual(column.slice(0, 3), [column[0], column[0], column[0]]);
  });

  it('prints one line for a flow that is over at once', async () => {
    const { cli, done } = await watching();
    for (const client of proxy.clients) client.socket.cork();
    proxy.end(proxy.open());
    for (const client of proxy.clients) client.socket.uncork();
    await cli.stdout.has(/ eof\n/);
    cli.signal('SIGTERM');
    await done;
    assert.equal(cli.stdout.text.split('\n').length, 3);
  });

  it('prints JSON when flows end, and the open ones at the end', async () => {
    const { cli, done } = await watching('--json');
    const first = proxy.open();
    proxy.open({ host: 'still.example' });
    proxy.end(first);
    await cli.stdout.has(/\n/);
    cli.signal('SIGINT');
    assert.equal(await done, 0);
    const flows = cli.jsonLines as FlowJson[];
    assert.deepEqual(
      flows.map((f) => [f.id, f.state, f.destination.host]),
      [
        [1, 'closed', 'example.com'],
        [2, 'open', 'still.example'],
      ],
    );
  });

  it('tells only of flows that match, by what is known at the time', async () => {
    const { cli, done } = await watching('--json', '--filter', 'method:POST');
    for (const method of ['GET', 'POST']) {
      const id = proxy.open({ host: '' });
      proxy.data(id, 'up', `${method} / HTTP/1.1\r\nHost: ${method}.example\r\n\r\n`);
      proxy.end(id);
    }
    await cli.stdout.has(/\n/);
    cli.signal('SIGINT');
    assert.equal(await done, 0);
    assert.deepEqual(
      (cli.jsonLines as FlowJson[]).map((f) => f.destination.host),
      ['POST.example'],
    );
  });

  it('says that the proxy is gone and connects again; a flow that went on meanwhile ends once', async () => {
    const { cli, done } = await watching('--json');
    const kept = proxy.open();
    const other = proxy.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.cut();
    await cli.stderr.has(/The connection to the proxy broke.*\n/);
    proxy.end(other); // unseen
    await cli.stderr.has(/watching[^]*watching/);
    await cli.stdout.has(/\n/);
    proxy.end(kept);
    await cli.stdout.has(/\n.+\n/);
    cli.signal('SIGINT');
    await done;
    assert.deepEqual(
      (cli.jsonLines as FlowJson[]).map((f) => [f.id, f.reason]),
      [
        [2, 'lost'],
        [1, 'eof'],
      ],
    );
  });

  it('shows the flows of several endpoints beside those of the proxy, with ids of their own', async () => {
    const first = await FakeProxy.listen({ welcome: { pid: 11 } });
    const second = await FakeProxy.listen({ welcome: { pid: 22 } });
    try {
      const { cli, done } = await watching('--json', '--endpoint', first.path, '--endpoint', second.path);
      await cli.stderr.has(new RegExp(`watching: endpoint ${first.path}: 11, `));
      await cli.stderr.has(new RegExp(`watching: endpoint ${second.path}: 22, `));
      for (const source of [proxy, first, second])
        while (![...source.clients].some((c) => c.subscribed)) await new Promise((resolve) => setTimeout(resolve, 1));
      first.end(first.open({ host: 'first.example' }));
      await cli.stdout.has(/first/);
      // One that goes away takes only its own flows along.
      const kept = second.open({ host: 'second.example' });
      first.open({ host: 'gone.example' });
      proxy.open({ host: 'proxy.example' });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await first.close();
      await cli.stderr.has(new RegExp(`endpoint ${first.path}: The connection to the proxy broke`));
      second.end(kept);
      await cli.stdout.has(/second/);
      cli.signal('SIGINT');
      assert.equal(await done, 0);
      const flows = cli.jsonLines as FlowJson[];
      assert.deepEqual(
        flows.map((f) => [f.destination.host, f.reason ?? f.state]),
        [
          ['first.example', 'eof'],
          ['second.example', 'eof'],
          ['gone.example', 'lost'],
          ['proxy.example', 'open'],
        ],
      );
      assert.equal(new Set(flows.map((f) => f.id)).size, 4);
    } finally {
      await first.close();
      await second.close();
    }
  });

  it('waits for an endpoint that nobody serves yet, and starts no proxy for it', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-endpoint-'));
    const name = path.join(folder, 'endpoint');
    const ensure = async (): Promise<void> => assert.fail('a proxy was started');
    const support = { kind: 'unsupported', problem: problem('platform-unsupported', 'test') } as const;
    const cli = new TestCli('/nowhere/proxy.sock', { ensure, support });
    const done = cli.run('watch', '--endpoint', name);
    started.push({ cli, done });
    await cli.stderr.has(/nobody serves it\. Waiting/);
    const endpoint = await FakeProxy.listen({ path: name });
    await cli.stderr.has(/watching: endpoint/);
    cli.signal('SIGINT');
    assert.equal(await done, 0);
    await endpoint.close();
    fs.rmSync(folder, { recursive: true });
  });

  it('refuses what is no name of an endpoint, and a token that others may read', async () => {
    for (const [args, reason] of [
      [['--endpoint', 'relative.sock'], /“relative\.sock” is not the name of an endpoint/],
      [['--endpoint', '/tmp/x', '--token-file', '/nowhere/token'], /ENOENT/],
    ] as const) {
      const cli = new TestCli(proxy.path);
      assert.equal(await cli.run('watch', ...args), 1);
      await cli.stderr.has(reason);
    }
  });

  it('tells what the proxy left out', async () => {
    const { cli, done } = await watching();
    proxy.send({ dropped: { frames: 12, bytes: 0 } });
    proxy.open();
    await cli.stderr.has(/left out 12 events/);
    cli.signal('SIGINT');
    await done;
  });

  it('ends quietly when its reader leaves', async () => {
    const cli = new TestCli(proxy.path, { stdout: new StreamOutput(brokenPipe()) });
    assert.equal(await cli.run('watch'), 0);
    assert.doesNotMatch(cli.stderr.text, /EPIPE/);
  });
});
