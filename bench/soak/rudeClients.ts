// Clients that come and go in the worst moments: in the middle of what they say, and of what they are told.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientFrame } from '../../gen/flow_pb.ts';

function framed(frame: Parameters<typeof ClientFrame.encode>[0]): Buffer {
  const bytes = ClientFrame.encode(frame).finish();
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
}
const hello = framed({ hello: { versions: [1], client: 'rude', build: '0', token: new Uint8Array(0) } });
const subscribe = framed({ subscribe: { query: '', bodyLimit: 16384, allUsers: false, capture: '' } });
const status = framed({ getStatus: {} });

export class RudeClients {
  visits = 0;
  readonly #path: string;
  #over = false;
  #done: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }
  start(): this {
    this.#done = this.#run();
    return this;
  }
  async end(): Promise<void> {
    this.#over = true;
    await this.#done;
  }
  async #run(): Promise<void> {
    for (let i = 0; !this.#over; i++) {
      await this.#visit(i % 4);
      this.visits++;
      await delay(20);
    }
  }
  async #visit(manner: number): Promise<void> {
    const socket = net.connect(this.#path).on('error', () => {});
    const opened = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]);
    if (!opened) return;
    if (manner === 0) {
      socket.write(hello.subarray(0, 7)); // leaves in the middle of a frame
    } else {
      socket.write(Buffer.concat([hello, subscribe, ...(manner === 1 ? [status.subarray(0, 3)] : [])]));
      // Reads a part of what comes, which is the middle of a frame, or nothing at all.
      if (manner === 2) await Promise.race([once(socket, 'readable'), delay(200)]);
      if (manner === 2) socket.read(5);
    }
    await delay(5);
    socket.destroy();
    if (!socket.closed) await once(socket, 'close');
  }
}
