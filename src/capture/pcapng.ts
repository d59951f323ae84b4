// pcapng files (draft-ietf-opsawg-pcapng): section header, one interface of raw IP, name resolution, packets.
import type { Flow } from '../flow/model.ts';
import { parseAddress } from './address.ts';
import { BytesOut } from './bytesOut.ts';
import { packetsOf, type Packet } from './flowPackets.ts';
import type { FlowSource } from './source.ts';

const block = { section: 0x0a0d0d0a, interface: 1, names: 4, packet: 6 } as const;
const linkTypeRaw = 101; // LINKTYPE_RAW: the packet begins with its IP header
const option = { end: 0, comment: 1, interfaceName: 2, timestampResolution: 9, userApplication: 4 } as const;
const flushBytes = 1 << 20;
const utf8 = new TextEncoder();

/**
 * A capture of these flows, in pieces of about a megabyte. Packets are in time order; the first packet of a flow
 * carries a comment that names process, host and reason.
 */
export function* writePcapng(flows: readonly Flow[], source: FlowSource, application: string): Generator<Uint8Array> {
  const out = new BytesOut(2 * flushBytes);
  writeBlock(out, block.section, () => {
    out.u32(0x1a2b3c4d);
    out.u16(1);
    out.u16(0);
    out.u32(0xffffffff); // section length unknown
    out.u32(0xffffffff);
    writeOption(out, option.userApplication, utf8.encode(application));
    writeOption(out, option.end, new Uint8Array(0));
  });
  writeBlock(out, block.interface, () => {
    out.u16(linkTypeRaw);
    out.u16(0);
    out.u32(0); // no snapshot length
    writeOption(out, option.interfaceName, utf8.encode('flowtap'));
    writeOption(out, option.timestampResolution, Uint8Array.of(6)); // microseconds
    writeOption(out, option.end, new Uint8Array(0));
  });
  writeNames(out, flows);
  for (const { packet, comment } of inTimeOrder(flows, source)) {
    writePacket(out, packet, comment);
    if (out.length >= flushBytes) yield out.take();
  }
  yield out.take();
}

/** The packets of all flows by time; only the flows that are under way are held. */
function* inTimeOrder(flows: readonly Flow[], source: FlowSource): Generator<{ packet: Packet; comment: string }> {
  const waiting = [...flows].sort((a, b) => a.openedAt - b.openedAt);
  const heap = new Heap();
  let next = 0;
  while (next < waiting.length || heap.size > 0) {
    const flow = waiting[next];
    if (flow && flow.openedAt <= heap.firstAt) {
      next++;
      const packets = packetsOf(flow, source);
      if (packets && packets.length > 0) heap.push({ packets, index: 0, comment: commentOf(flow), order: next });
      continue;
    }
    const track = heap.pop()!;
    yield { packet: track.packets[track.index]!, comment: track.index === 0 ? track.comment : '' };
    if (++track.index < track.packets.length) heap.push(track);
  }
}

interface Track {
  readonly packets: readonly Packet[];
  index: number;
  readonly comment: string;
  /** Breaks ties, so that the same flows give the same file. */
  readonly order: number;
}

/** A binary heap by the time of the track's next packet. */
class Heap {
  private readonly items: Track[] = [];
  get size(): number {
    return this.items.length;
  }
  get firstAt(): number {
    return this.items[0] ? timeOf(this.items[0]) : Infinity;
  }
  push(track: Track): void {
    const { items } = this;
    let at = items.push(track) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && before(track, items[parent]!); parent = (at - 1) >> 1) {
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = track;
  }
  pop(): Track | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || !last) return top;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
const timeOf = (t: Track): number => t.packets[t.index]!.at;
const before = (a: Track, b: Track): boolean =>
  timeOf(a) - timeOf(b) < 0 || (timeOf(a) === timeOf(b) && a.order < b.order);

/** `key: value` lines; capture/comment.ts reads them back. */
export function commentOf(flow: Flow): string {
  const { process, host, reason, errorText, rule, application } = flow;
  const lines = [
    process.pid > 0 || process.name ? `process: ${process.name} (${process.pid})` : '',
    process.path ? `path: ${process.path}` : '',
    process.arguments.length > 0 ? `command: ${process.arguments.join(' ')}` : '',
    host ? `host: ${host}` : '',
    reason ? `reason: ${reason}${errorText ? ` (${errorText})` : ''}` : `state: ${flow.state}`,
    rule ? `rule: ${rule}` : '',
    application ? `application: ${application.protocol} ${application.summary}` : '',
    flow.inbound ? 'direction: inbound' : '',
  ];
  return lines.filter(Boolean).map((l) => l.replace(/[\r\n]+/g, ' ')).join('\n'); // prettier-ignore
}

function writePacket(out: BytesOut, packet: Packet, comment: string): void {
  writeBlock(out, block.packet, () => {
    out.u32(0); // interface
    out.u32(Math.floor(packet.at / 2 ** 32));
    out.u32(packet.at % 2 ** 32);
    const lengths = out.length;
    out.zeros(8);
    const start = out.length;
    const wire = packet.write(out);
    out.setU32(lengths, out.length - start);
    out.setU32(lengths + 4, wire);
    out.align4();
    if (comment) {
      writeOption(out, option.comment, utf8.encode(comment).subarray(0, 65_535));
      writeOption(out, option.end, new Uint8Array(0));
    }
  });
}

/**
 * Name Resolution Block: Wireshark shows these names instead of asking DNS. It holds one for each address, so an address
 * that flows have several names for is left out.
 */
function writeNames(out: BytesOut, flows: readonly Flow[]): void {
  const names = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { host, destination } of flows) {
    if (!host || host === destination.address || ambiguous.has(destination.address)) continue;
    const other = names.get(destination.address);
    if (other === undefined) names.set(destination.address, host);
    else if (other !== host) {
      ambiguous.add(destination.address);
      names.delete(destination.address);
    }
  }
  if (names.size === 0) return;
  writeBlock(out, block.names, () => {
    for (const [address, name] of names) {
      const bytes = parseAddress(address);
      if (!bytes || /[^\x21-\x7e]/.test(name) || name.length > 255) continue;
      const value = Uint8Array.of(...bytes, ...utf8.encode(name), 0);
      writeOption(out, bytes.length === 4 ? 1 : 2, value);
    }
    writeOption(out, 0, new Uint8Array(0));
  });
}

function writeOption(out: BytesOut, code: number, value: Uint8Array): void {
  out.u16(code);
  out.u16(value.length);
  out.bytes(value);
  out.align4();
}

/** Type, length, content, length again. The buffer is always at a multiple of 4 between blocks. */
function writeBlock(out: BytesOut, type: number, content: () => void): void {
  const start = out.length;
  out.u32(type);
  out.u32(0);
  content();
  out.align4();
  const length = out.length - start + 4;
  out.u32(length);
  out.setU32(start + 4, length);
}
