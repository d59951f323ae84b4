import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { ProxyFrame, Reader, RefusedCode } from '../../../gen/flow_pb.ts';
import { watchForSocket } from '../../../src/endpoint/appear.ts';
import { Session, type SessionOptions, type SessionState } from '../../../src/endpoint/session.ts';
import { problem, ProblemError } from '../../../src/proxy/problems.ts';
import { connectTo, FakeProxy, type FakeProxyOptions } from '../../support/fake-proxy.ts';

type Kind = SessionState['kind'];

describe('session', () => {
  const disposables: { dispose(): void }[] = [];
  const proxies: FakeProxy[] = [];
  afterEach(async () => {
    for (const d of disposables.splice(0)) d.dispose();
    await Promise.all(proxies.splice(0).map((p) => p.close()));
  });

  async function listen(options: FakeProxyOptions = {}): Promise<FakeProxy> {
    const proxy = await FakeProxy.listen(options);
    proxies.push(proxy);
    return proxy;
  }
  function session(connect: SessionOptions['connect'], options: Partial<SessionOptions> = {}) {
    const s = new Session({ client: 'test', build: '1.2.3', connect, ...options });
    disposables.push(s);
    const kinds: Kind[] = [];
    s.onDidChangeState((state) => kinds.push(state.kind));
    return { s, kinds };
  }
  function until<K extends Kind>(s: Session, kind: K): Promise<Extract<SessionState, { kind: K }>> {
    return new Promise((resolve) => {
      const look = (state: SessionState): void => {
        if (state.kind !== kind) return;
        listening.dispose();
        resolve(state as Extract<SessionState, { kind: K }>);
      };
      const listening = s.onDidChangeState(look);
      look(s.state);
    });
  }

  it('says hello, is welcomed, subscribes and passes frames on', async () => {
    const proxy = await listen();
    const { s, kinds } = session(proxy.connect, {
      subscribe: { bodyLimit: 100, capture: 'x' },
      token: Uint8Array.of(9),
    });
    const frames: ProxyFrame[] = [];
    const done = new Promise<void>((resolve) =>
      s.onDidReceive((bytes, start, end) => {
        frames.push(ProxyFrame.decode(Reader.create(bytes.subarray(start, end))));
        if (frames.at(-1)?.closed) resolve();
      }),
    );
    proxy.open();
    assert.deepEqual(s.state, { kind: 'stopped', waiting: false });
    s.start();
    const welcome = await s.ready();
    assert.equal(welcome.build, 'fake');
    await until(s, 'live');
    await new Promise<void>((resolve) => (proxy.onFrame = () => resolve()));
    proxy.end(1);
    await done;
    const [client] = proxy.clients;
    assert.deepEqual(client?.frames[0]?.hello?.versions, [1]);
    assert.equal(client.frames[0].hello.client, 'test');
    assert.equal(client.frames[0].hello.build, '1.2.3');
    assert.deepEqual([...client.frames[0].hello.token], [9]);
    assert.equal(client.frames[1]?.subscribe?.capture, 'x');
    assert.deepEqual(
      frames.map((f) => Object.keys(f)[0]),
      ['welcome', 'snapshotBegin', 'opened', 'snapshotEnd', 'closed'],
    );
    assert.deepEqual(kinds, ['connecting', 'live']);
  });

  it('names both versions when the proxy speaks another, and does not try again by itself', async () => {
    const proxy = await listen({ versions: [7] });
    const { s, kinds } = session(proxy.connect);
    s.start();
    await assert.rejects(s.ready(), (e: unknown) => e instanceof ProblemError && e.problem.code === 'version-refused');
    assert.equal(s.state.kind, 'refused');
    assert.match(s.state.kind === 'refused' ? s.state.problem.text : '', /version 7.*client 1/);
    assert.deepEqual(s.state.kind === 'refused' && s.state.versions, [7]);
    assert.deepEqual(kinds, ['connecting', 'refused']);
  });

  it('refuses a welcome in a version it does not speak', async () => {
    const proxy = await listen({ welcome: { version: 3 } });
    const { s } = session(proxy.connect);
    s.start();
    const state = await until(s, 'refused');
    assert.match(state.problem.text, /version 3.*speaks 1/);
  });

  it('tries again where the proxy is busy', async () => {
    const proxy = await listen({ automatic: false });
    let hellos = 0;
    proxy.onFrame = (client, frame) => {
      if (!frame.hello) return;
      if (hellos++ > 0) return client.send({ welcome: proxy.welcome() });
      client.send({ refused: { code: RefusedCode.busy, text: 'no more than 8 clients', versions: [] } });
      client.socket.end();
    };
    const { s, kinds } = session(proxy.connect);
    s.start();
    const refused = await until(s, 'refused');
    assert.match(refused.problem.text, /no more than 8 clients/);
    await until(s, 'live');
    assert.deepEqual(kinds, ['connecting', 'refused', 'live']);
  });

  it('waits for a proxy that is not there, and finds it when it appears', async () => {
    const path = `${(await listen()).path}.late`;
    const { s, kinds } = session(() => connectTo(path));
    s.start();
    assert.deepEqual(await until(s, 'stopped'), { kind: 'stopped', waiting: true });
    await listen({ path });
    await until(s, 'live');
    assert.deepEqual(kinds, ['connecting', 'stopped', 'live']);
  });

  it('says that it lost the proxy, and connects again when it returns', async () => {
    const first = await listen();
    const again = `${first.path}.2`;
    let path = first.path;
    const { s, kinds } = session(() => connectTo(path), { subscribe: {}, watch: watchForSocket(again) });
    s.start();
    await s.ready();
    path = again;
    first.cut();
    const lost = await until(s, 'lost');
    assert.equal(lost.problem.code, 'proxy-gone');
    assert.ok(!existsSync(again));
    const second = await listen({ path: again });
    second.open();
    await until(s, 'live');
    await new Promise<void>((resolve) => {
      const listening = s.onDidReceive((bytes, start, end) => {
        if (!ProxyFrame.decode(Reader.create(bytes.subarray(start, end))).opened) return;
        listening.dispose();
        resolve();
      });
    });
    assert.deepEqual(kinds, ['connecting', 'live', 'lost', 'live']);
  });

  for (const [what, bytes, expected] of [
    ['a text protocol', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /SSH-/],
    ['an oversized frame', Buffer.from([1, 0, 0x10, 0]), /1048577 bytes/],
    ['an empty frame', Buffer.from([0, 0, 0, 0]), /length 0/],
    ['a frame that does not parse', Buffer.from([2, 0, 0, 0, 10, 200]), /./],
    ['a frame before the welcome', Buffer.from([2, 0, 0, 0, 34, 0]), /before the welcome/],
  ] as const)
    it(`ends the connection when it gets ${what}`, async () => {
      const proxy = await listen({ automatic: false });
      proxy.onFrame = (client) => client.sendBytes(bytes);
      const { s } = session(proxy.connect);
      s.start();
      const lost = await until(s, 'lost');
      assert.equal(lost.problem.code, 'bad-data');
      assert.match(lost.problem.text, expected);
    });

  it('ends the connection when a listener finds a frame malformed', async () => {
    const proxy = await listen();
    const { s } = session(proxy.connect, { subscribe: {} });
    s.onDidReceive((bytes, start) => {
      if (bytes[start] === 4 * 8 + 2) throw new RangeError('FlowOpened runs past its end');
    });
    s.start();
    const lost = await until(s, 'lost');
    assert.match(lost.problem.text, /FlowOpened runs past its end/);
  });

  it('says that a frame was cut off', async () => {
    const proxy = await listen();
    const { s } = session(proxy.connect);
    s.start();
    await s.ready();
    for (const client of proxy.clients) client.socket.end(Buffer.from([9, 0, 0, 0, 1]));
    assert.match((await until(s, 'lost')).problem.text, /middle of a frame/);
  });

  it('asks for status and rules, each answer for its question', async () => {
    const proxy = await listen();
    const { s } = session(proxy.connect);
    s.start();
    await s.ready();
    proxy.status = { captures: 3 };
    const [status, set, listed] = await Promise.all([s.requestStatus(), s.setRules('drop x'), s.rules()]);
    assert.equal(status.captures, 3);
    assert.equal(set.text, 'drop x');
    assert.equal(listed.text, 'drop x');
    assert.equal(s.state.kind === 'live' && s.state.status?.captures, 3);
  });

  it('gives up on an answer that does not come, and keeps later answers apart from it', async () => {
    const proxy = await listen({ automatic: false });
    proxy.onFrame = (client, frame) => {
      if (frame.hello) client.send({ welcome: proxy.welcome() });
    };
    const { s } = session(proxy.connect);
    s.start();
    await s.ready();
    await assert.rejects(
      s.requestStatus(10),
      (e: unknown) => e instanceof ProblemError && e.problem.code === 'no-answer',
    );
    const second = s.requestStatus();
    const [client] = proxy.clients;
    client?.send({ status: { ...proxy.currentStatus(), captures: 1 } });
    client?.send({ status: { ...proxy.currentStatus(), captures: 2 } });
    assert.equal((await second).captures, 2);
  });

  it('fails open questions when the connection ends', async () => {
    const proxy = await listen({ automatic: false });
    proxy.onFrame = (client, frame) => {
      if (frame.hello) client.send({ welcome: proxy.welcome() });
      if (frame.getStatus) client.socket.destroy();
    };
    const { s } = session(proxy.connect);
    s.start();
    await s.ready();
    await assert.rejects(
      s.requestStatus(),
      (e: unknown) => e instanceof ProblemError && e.problem.code === 'proxy-gone',
    );
    await assert.rejects(
      s.requestStatus(),
      (e: unknown) => e instanceof ProblemError && e.problem.code === 'not-running',
    );
  });

  it('is stopped, not lost, after it stopped the proxy', async () => {
    const proxy = await listen();
    const { s, kinds } = session(proxy.connect);
    s.start();
    await s.ready();
    await s.stopProxy();
    assert.deepEqual(await until(s, 'stopped'), { kind: 'stopped', waiting: true });
    assert.deepEqual(kinds, ['connecting', 'live', 'stopped']);
  });

  it('is stopped, not lost, after the proxy said that it stops', async () => {
    const proxy = await listen();
    const { s, kinds } = session(proxy.connect);
    s.start();
    await s.ready();
    for (const client of proxy.clients)
      client.send({ refused: { code: RefusedCode.stopping, text: 'asked to', versions: [] } });
    await until(s, 'stopped');
    assert.ok(!kinds.includes('lost'));
  });

  it('starts the proxy first where it is told how', async () => {
    const proxy = await listen();
    const { s, kinds } = session(proxy.connect);
    s.start(async () => {});
    await s.ready();
    assert.deepEqual(kinds, ['starting', 'connecting', 'live']);
  });

  it('is unavailable where the proxy cannot be started, until it is started again', async () => {
    const proxy = await listen();
    const { s, kinds } = session(proxy.connect);
    s.start(() => Promise.reject(new ProblemError(problem('program-missing', 'flowtapd'))));
    await assert.rejects(s.ready(), /flowtapd/);
    assert.equal(s.state.kind, 'unavailable');
    s.start();
    await s.ready();
    assert.deepEqual(kinds, ['starting', 'unavailable', 'connecting', 'live']);
  });

  it('is unavailable where the socket cannot be trusted or the bridge is missing', async () => {
    const refused = session(() => Promise.reject(Object.assign(new Error('mode 0777'), { code: 'EREFUSED' })));
    refused.s.start();
    const state = await until(refused.s, 'unavailable');
    assert.equal(state.problem.code, 'peer-refused');
    assert.match(state.problem.text, /mode 0777/);
    const bridgeless = session(() => Promise.reject(new ProblemError(problem('bridge-missing', 'no file'))));
    bridgeless.s.start();
    assert.equal((await until(bridgeless.s, 'unavailable')).problem.code, 'bridge-missing');
  });

  it('keeps trying where connecting fails for another reason', async () => {
    const proxy = await listen();
    let attempts = 0;
    const { s } = session(() =>
      attempts++ === 0
        ? Promise.reject(Object.assign(new Error('hung up'), { code: 'EINTERRUPTED' }))
        : proxy.connect(),
    );
    s.start();
    assert.match((await until(s, 'lost')).problem.text, /hung up/);
    await until(s, 'live');
  });

  it('tells one reason once, however often it tries', async () => {
    let attempts = 0;
    const { s, kinds } = session(() => {
      attempts++;
      return Promise.reject(Object.assign(new Error('hung up'), { code: 'EINTERRUPTED' }));
    });
    s.start();
    while (attempts < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(kinds, ['connecting', 'lost']);
  });

  it('leaves nothing behind when it is stopped while it connects', async () => {
    const proxy = await listen();
    const sockets: net.Socket[] = [];
    const { s, kinds } = session(async () => {
      const socket = await proxy.connect();
      sockets.push(socket);
      return socket;
    });
    s.start();
    s.stop();
    await assert.rejects(s.ready(), /No proxy is running/);
    while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    if (!sockets[0]!.closed) await once(sockets[0]!, 'close');
    assert.deepEqual(s.state, { kind: 'stopped', waiting: false });
    assert.deepEqual(kinds, ['connecting', 'stopped']);
    assert.ok(!s.send({ listRules: {} }));
  });

  it('gets a new snapshot when it changes its subscription, and keeps that for later connections', async () => {
    const proxy = await listen();
    const { s } = session(proxy.connect, { subscribe: { bodyLimit: 1 } });
    s.start();
    await s.ready();
    s.subscribe({ bodyLimit: 2 });
    await s.rules(); // everything before it has arrived
    assert.deepEqual(
      [...proxy.clients].flatMap((c) => c.frames.flatMap((f) => f.subscribe?.bodyLimit ?? [])),
      [1, 2],
    );
    proxy.cut();
    await until(s, 'lost');
    await s.ready();
    await s.rules();
    assert.deepEqual(
      [...proxy.clients].flatMap((c) => c.frames.flatMap((f) => f.subscribe?.bodyLimit ?? [])),
      [2],
    );
  });
});
