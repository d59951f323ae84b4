// A server whose byte counts are known: it answers each request with the same number of bytes, and holds the answer
// back until it is released.
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export class LocalServer {
  readonly #server: net.Server;
  readonly #waiting: (() => void)[] = [];
  /** Bytes that the clients sent, per connection in order. */
  readonly received: number[] = [];
  /** What each client gets. */
  readonly answer: Buffer;

  constructor(bodyBytes: number) {
    const body = Buffer.alloc(bodyBytes, 'flowtap ');
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    this.answer = Buffer.concat([Buffer.from(head), body]);
    this.#server = net.createServer((socket) => {
      const index = this.received.push(0) - 1;
      let asked = false;
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => {
        this.received[index]! += data.length;
        if (!asked) this.#waiting.push(() => socket.end(this.answer));
        asked = true;
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Answers the requests that wait. */
  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async close(): Promise<void> {
    this.release();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
