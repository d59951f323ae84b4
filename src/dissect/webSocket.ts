// WebSocket frames (RFC 6455) after an HTTP upgrade; fragmented messages are put together.
import { ByteQueue, Collected, Reader, utf8Text } from './bytes.ts';
import {
  maxMessages,
  type Application,
  type Direction,
  type Dissection,
  type Dissector,
  type Message,
} from './dissection.ts';

const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const names: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };
const maxPayload = 1 << 20;

class Side {
  readonly queue = new ByteQueue();
  stopped = false;
  /** Payload bytes of the present frame that are still to come and are thrown away. */
  skipping = 0;
  fragments = new Collected();
  fragmentType = 0;
  size = 0;
  compressed = false;
}

class WebSocket implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  private readonly sides = { up: new Side(), down: new Side() };
  private count = 0;

  get application(): Application {
    return { protocol: 'websocket', summary: `${this.count} message${this.count === 1 ? '' : 's'}` };
  }
  data(direction: Direction, bytes: Uint8Array, at: number): void {
    const side = this.sides[direction];
    if (side.stopped) return;
    side.queue.push(bytes);
    while (!side.stopped && side.queue.length > 0 && this.frame(direction, side, at));
  }
  gap(direction: Direction, length: number): void {
    const side = this.sides[direction];
    if (side.skipping >= length) side.skipping -= length;
    else this.stop(side, 'Part of this direction was not captured; what follows cannot be read.');
  }
  end(): void {}

  /** Takes one frame; false while it is not whole. */
  private frame(direction: Direction, side: Side, at: number): boolean {
    if (side.skipping > 0) {
      const gone = Math.min(side.skipping, side.queue.length);
      side.queue.consume(gone);
      side.skipping -= gone;
      return side.skipping === 0;
    }
    const r = new Reader(side.queue.peek());
    const first = r.u8();
    const second = r.u8();
    let length = second & 0x7f;
    if (length === 126) length = r.u16();
    else if (length === 127) length = r.u32() * 2 ** 32 + r.u32();
    const mask = second & 0x80 ? r.take(4) : undefined;
    if (r.failed) return false;
    const type = first & 15;
    if (!(type in names) && type !== opcode.continuation) {
      this.stop(side, 'A WebSocket frame is malformed; what follows cannot be read.');
      return false;
    }
    const kept = Math.min(length, Math.max(0, maxPayload - side.size));
    if (r.left < kept) return false;
    const payload = r.take(kept).slice();
    if (mask) for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!;
    side.queue.consume(r.at);
    side.skipping = length - kept;
    this.payload(
      direction,
      side,
      { fin: (first & 0x80) !== 0, compressed: (first & 0x40) !== 0, type, payload, length },
      at,
    );
    return true;
  }

  private payload(
    direction: Direction,
    side: Side,
    f: { fin: boolean; compressed: boolean; type: number; payload: Uint8Array; length: number },
    at: number,
  ): void {
    if (f.type >= opcode.close) return this.message(direction, names[f.type]!, f.payload, f.length, false, at); // control frames may come between fragments
    if (f.type !== opcode.continuation) {
      side.fragments = new Collected();
      side.size = 0;
      side.fragmentType = f.type;
      side.compressed = f.compressed;
    }
    side.fragments.push(f.payload);
    side.size += f.length;
    if (!f.fin) return;
    const name = names[side.fragmentType];
    if (name) this.message(direction, name, side.fragments.bytes, side.size, side.compressed, at);
    side.fragments = new Collected();
    side.size = 0;
    side.fragmentType = 0;
  }

  private message(
    direction: Direction,
    type: string,
    bytes: Uint8Array,
    length: number,
    compressed: boolean,
    at: number,
  ): void {
    this.count++;
    if (this.count > maxMessages) {
      if (this.count === maxMessages + 1) this.notes.push(`Only the first ${maxMessages} messages are shown.`);
      return;
    }
    if (compressed && !this.notes.includes(compressedNote)) this.notes.push(compressedNote);
    const text = compressed
      ? undefined
      : type === 'text'
        ? utf8Text(bytes)
        : type === 'close'
          ? closeText(bytes)
          : undefined;
    const contentType = type === 'text' ? 'text/plain; charset=utf-8' : '';
    const body = {
      bytes,
      length,
      truncated: bytes.length < length,
      contentEncoding: compressed ? 'permessage-deflate' : '',
      contentType,
    };
    this.messages.push({ kind: 'frame', at, direction, type, stream: 0, body, ...(text !== undefined && { text }) });
  }
  private stop(side: Side, why: string): void {
    side.stopped = true;
    side.queue.drain();
    if (!this.notes.includes(why)) this.notes.push(why);
  }
}

const compressedNote = 'Messages are compressed (permessage-deflate).';
const closeText = (bytes: Uint8Array): string =>
  bytes.length >= 2 ? `${(bytes[0]! << 8) | bytes[1]!} ${utf8Text(bytes.subarray(2))}`.trim() : '';

/** Only reached by an upgrade: its first bytes alone prove nothing. */
export const webSocket: Dissector = { protocol: 'websocket', recognise: () => 'no', begin: () => new WebSocket() };
