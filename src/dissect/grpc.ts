// The length-prefixed messages of gRPC (its "PROTOCOL-HTTP2" document): a flag byte, a 32-bit length, the message.
import { ByteQueue, Reader } from './bytes.ts';
import type { Body } from './dissection.ts';
import { maxBodyBytes } from './httpBody.ts';

export class GrpcSplitter {
  private readonly queue = new ByteQueue();
  private readonly encoding: string;
  private broken = false;

  constructor(encoding: string) {
    this.encoding = encoding;
  }

  /** The messages that these bytes complete. One larger than maxBodyBytes ends the splitting. */
  push(bytes: Uint8Array): Body[] {
    if (this.broken) return [];
    this.queue.push(bytes);
    const messages: Body[] = [];
    for (;;) {
      const r = new Reader(this.queue.peek());
      const compressed = r.u8() === 1;
      const length = r.u32();
      if (r.failed) return messages;
      this.broken = length > maxBodyBytes;
      if (this.broken || r.left < length) return messages;
      messages.push({
        bytes: r.take(length).slice(),
        length,
        truncated: false,
        contentEncoding: compressed ? this.encoding : '',
        contentType: 'application/x-protobuf',
      });
      this.queue.consume(r.at);
    }
  }
}
