// Where packets cannot be held, connections are accepted before their server answers: how they work and fail then.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { CloseReason, Direction } from '../../gen/flow_pb.ts';
import { missing, skipFor, TestDaemon, type WireClient } from '../support/daemon.ts';
import { nowhere, World } from '../support/world.ts';

/** Each connection with what it heard of it, to its end. */
const stories = (targets: readonly (readonly [string, number])[]): string => `
  const net = require('net'), targets = ${JSON.stringify(targets)}, stories = {};
  let left = targets.length;
  for (const [host, port] of targets) {
    const story = (stories[host + ' ' + port] = []), socket = net.connect({ host, port, autoSelectFamily: false });
    socket.once('connect', () => story.push('connected')).on('error', (e) => story.push(e.code)).on('data', (d) => story.push(String(d)))
      .on('end', () => story.push('end')).on('close', () => { if (--left === 0) console.log(JSON.stringify(stories)); });
    socket.write('hello');
  }`;

for (const mode of ['tproxy', 'redirect'])
  describe(`connections that are accepted first, in mode ${mode}`, function () {
    this.timeout(120_000);
    let world: World;
    let daemon: TestDaemon;
    let subscriber: WireClient;
    const options = ['--mode', mode, '--no-hold'];

    before(function () {
      skipFor(this, missing() ?? World.missing());
    });
    beforeEach(async () => {
      world = await World.make();
      daemon = new TestDaemon();
      daemon.place = world.enter;
      await daemon.start();
      subscriber = await daemon.subscriber();
    });
    afterEach(async () => {
      await daemon.dispose();
      await world.end();
    });

    async function run(targets: readonly (readonly [string, number])[]): Promise<Record<string, string[]>> {
      const { status, stdout, stderr } = await daemon.run([process.execPath, '-e', stories(targets)], options);
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout) as Record<string, string[]>;
    }

    it('are named as such among the blind spots', async () => {
      await daemon.run(['true'], options);
      const captures = (): readonly { blindSpots: readonly string[] }[] =>
        subscriber.frames.flatMap((f) => f.status?.openCaptures ?? []);
      await subscriber.until('the capture', () => captures().length > 0);
      assert.ok(captures()[0]!.blindSpots.some((spot) => /accepted before the server answers/.test(spot)));
      await daemon.run(['true'], ['--mode', mode]);
      await subscriber.until('the other capture', () => captures().length > 1);
      assert.ok(
        !captures()
          .at(-1)!
          .blindSpots.some((spot) => /accepted before the server answers/.test(spot)),
      );
    });

    it('carry what both sides say, also what comes before the server has answered', async () => {
      const serve = `require('net').createServer((s) => s.on('data', (d) => s.end('heard ' + d))).listen(8080, '::', () => console.log('ready'))`;
      await once(daemon.spawn([process.execPath, '-e', serve]).stdout!, 'data');
      const targets = ['127.0.0.1', '::1', '10.9.0.1', 'fd09::1'].map((host) => [host, 8080] as const);
      for (const story of Object.values(await run(targets)))
        assert.deepEqual(story, ['connected', 'heard hello', 'end']);
      await subscriber.until('every end', () => subscriber.closed.length === targets.length);
      for (const { id, process } of subscriber.opened) {
        assert.equal(process?.name, 'node');
        assert.equal(subscriber.text(id, Direction.up), 'hello');
      }
      assert.ok(subscriber.closed.every((c) => c.reason === CloseReason.eof));
    });

    it('are reset where the server cannot be reached, and the flow tells the true reason', async () => {
      const reasons = new Map<string, number>([
        ...['127.0.0.1', '::1'].map((host) => [`${host} 9`, CloseReason.refused] as const),
        ...[nowhere.unreachable, nowhere.throw, nowhere.prohibit].flat().map((host) => [`${host} 80`, CloseReason.unreachable] as const), // prettier-ignore
        [`${nowhere.silent[0]} 80`, CloseReason.timedOut],
      ]);
      const targets = [...reasons.keys()].map((name) => [name.split(' ')[0]!, Number(name.split(' ')[1])] as const);
      const ends = await run(targets);
      // A reset that comes at once can overtake the news that it is connected.
      for (const story of Object.values(ends)) assert.match(story.join(), /^(connected,)?(ECONNRESET|EPIPE)$/);
      await subscriber.until('every end', () => subscriber.closed.length === targets.length);
      for (const { id, destination } of subscriber.opened) {
        const bytes = destination!.address;
        const name = [...reasons.keys()].find((key) => {
          const [host, port] = key.split(' ') as [string, string];
          const sameFamily = host.includes(':') === (bytes.length === 16);
          return sameFamily && Number(port) === destination!.port && hostBytes(host).equals(Buffer.from(bytes));
        })!;
        const closed = subscriber.closed.find((c) => c.id === id)!;
        assert.equal(closed.reason, reasons.get(name), `${name}: ${closed.errorText}`);
        assert.notEqual(closed.errorText, '');
        assert.equal(closed.connectedAt, 0);
      }
    });

    it('end where their program resets them while the server has not answered', async () => {
      const code = `const s = require('net').connect(80, '${nowhere.silent[0]}', () => console.log('connected'));
        process.stdin.on('data', () => { s.resetAndDestroy(); process.exit(); });`;
      const waits = daemon.capture([process.execPath, '-e', code], options);
      assert.equal(String((await once(waits.stdout!, 'data'))[0]), 'connected\n');
      await subscriber.until('it dials', () => subscriber.opened.length === 1);
      waits.stdin!.write('reset');
      await subscriber.until('its end', () => subscriber.closed.length === 1);
      assert.equal(subscriber.closed[0]!.reason, CloseReason.clientGone);
    });
  });

/** An address as bytes in network order. */
function hostBytes(host: string): Buffer {
  if (!host.includes(':')) return Buffer.from(host.split('.').map(Number));
  const [head = '', tail = ''] = host.split('::');
  const words = (text: string): number[] => (text ? text.split(':').map((w) => Number.parseInt(w, 16)) : []);
  const [before, after] = [words(head), words(tail)];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((w) => [w >> 8, w & 255]));
}
