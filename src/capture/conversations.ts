// Which conversation a packet belongs to, and which of them was silent longest. A lookup makes no object: a capture has
// millions of packets.
import type { Segment } from './decodePacket.ts';

export interface End {
  readonly address: Uint8Array;
  readonly port: number;
}
/** What is listed. The links are the list's own. */
export interface Listed {
  readonly protocol: 'tcp' | 'udp';
  readonly client: End;
  readonly server: End;
  hash: number;
  /** Another one with the same hash. */
  same?: this | undefined;
  older?: this | undefined;
  newer?: this | undefined;
}

export class Conversations<T extends Listed> {
  private readonly byHash = new Map<number, T>();
  private oldest: T | undefined;
  private newest: T | undefined;
  size = 0;

  /** It becomes the one that was heard last. */
  find(s: Segment): T | undefined {
    if (this.newest && directionOf(this.newest, s)) return this.newest;
    for (let c = this.byHash.get(hashOf(s)); c; c = c.same)
      if (directionOf(c, s)) {
        this.unlink(c);
        this.append(c);
        return c;
      }
    return undefined;
  }

  /** `s`: a packet of it. */
  add(conversation: T, s: Segment): void {
    conversation.hash = hashOf(s);
    conversation.same = this.byHash.get(conversation.hash);
    this.byHash.set(conversation.hash, conversation);
    this.append(conversation);
    this.size++;
  }

  /** The one that was silent longest. */
  get first(): T | undefined {
    return this.oldest;
  }

  remove(conversation: T): void {
    const head = this.byHash.get(conversation.hash);
    if (head === conversation) {
      if (head.same) this.byHash.set(head.hash, head.same);
      else this.byHash.delete(head.hash);
    } else
      for (let c = head; c; c = c.same)
        if (c.same === conversation) {
          c.same = conversation.same;
          break;
        }
    this.unlink(conversation);
    this.size--;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let c = this.oldest; c; c = c.newer) yield c;
  }

  private append(c: T): void {
    c.older = this.newest;
    c.newer = undefined;
    if (this.newest) this.newest.newer = c;
    else this.oldest = c;
    this.newest = c;
  }
  private unlink(c: T): void {
    if (c.older) c.older.newer = c.newer;
    else this.oldest = c.newer;
    if (c.newer) c.newer.older = c.older;
    else this.newest = c.older;
  }
}

/** Which way a packet goes in a conversation; undefined where it is of another one. */
export function directionOf(c: Listed, s: Segment): 'up' | 'down' | undefined {
  if (c.protocol !== s.protocol || c.client.address.length !== s.addressSize) return undefined;
  if (isEnd(c.client, s, s.source, s.sourcePort) && isEnd(c.server, s, s.destination, s.destinationPort)) return 'up';
  if (isEnd(c.server, s, s.source, s.sourcePort) && isEnd(c.client, s, s.destination, s.destinationPort)) return 'down';
  return undefined;
}

function isEnd({ address, port }: End, { bytes }: Segment, at: number, segmentPort: number): boolean {
  if (port !== segmentPort) return false;
  for (let i = 0; i < address.length; i++) if (address[i] !== bytes[at + i]) return false;
  return true;
}

/** The same for both directions. */
function hashOf(s: Segment): number {
  const [a, b] = [endHash(s, s.source, s.sourcePort), endHash(s, s.destination, s.destinationPort)];
  return (Math.imul(a ^ b, 0x9e3779b1) ^ (a + b) ^ (s.protocol === 'tcp' ? 6 : 17)) & 0x3fffffff;
}
function endHash({ bytes, addressSize }: Segment, at: number, port: number): number {
  let h = port;
  for (let i = 0; i < addressSize; i++) h = Math.imul(h ^ bytes[at + i]!, 0x01000193);
  return h ^ (h >>> 15);
}
