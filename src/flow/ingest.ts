// Frames of the wire into the table. A frame is read whole before anything of it is applied.
import { Dropped, Protocol, Reader, SnapshotBegin } from '../../gen/flow_pb.ts';
import type { Direction } from './bodies.ts';
import * as wire from './decode.ts';
import type { Microseconds } from './model.ts';
import { Flag, type RowGroup } from './rows.ts';
import type { FlowTable, Source } from './table.ts';

/** Longest texts kept, in bytes. */
export const maxName = 255;
export const maxText = 1024;

/** What a FlowData frame says. */
export interface FlowPayload {
  /** The source's own number for the flow. */
  readonly id: number;
  readonly direction: 'up' | 'down';
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly at: Microseconds;
  /** Of a datagram that was cut, more than `bytes`. */
  readonly length: number;
}

export class Ingest {
  dropped = { frames: 0, bytes: 0 };
  readonly #table: FlowTable;
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #opened = wire.makeOpened();
  readonly #data = wire.makeData();
  readonly #counters = wire.makeCounters();

  constructor(table: FlowTable) {
    this.#table = table;
  }

  feed(source: Source, bytes: Uint8Array, start: number, end: number): void {
    const r = this.#reader;
    r.buf = bytes;
    r.pos = start;
    r.len = end;
    while (r.pos < end) {
      const tag = r.uint32();
      // Every member of ProxyFrame is a message.
      if ((tag & 7) !== 2) {
        wire.skip(r, tag, end);
        continue;
      }
      const stop = wire.delimited(r, end);
      this.#member(source, tag >>> 3, r, stop);
      r.pos = stop;
    }
  }

  payload(source: Source, { id, direction, offset, bytes, at, length }: FlowPayload): void {
    const e = this.#data;
    e.id = id;
    e.direction = direction === 'up' ? 1 : 2;
    e.offset = offset;
    e.bytes.start = 0;
    e.bytes.end = bytes.length;
    e.at = at;
    e.length = length;
    this.#applyData(source, bytes);
  }

  /** The numbers are those of ProxyFrame in proto/flow.proto. */
  #member(source: Source, member: number, r: Reader, end: number): void {
    switch (member) {
      case 3:
        SnapshotBegin.decode(r, end - r.pos);
        for (const id of source.live.ids()) this.#table.setFlags(id, Flag.unconfirmed);
        break;
      case 4:
        this.#endSnapshot(source);
        break;
      case 5:
        wire.readOpened(r, end, this.#opened);
        this.#applyOpened(source, r.buf);
        break;
      case 6:
        wire.readData(r, end, this.#data);
        this.#applyData(source, r.buf);
        break;
      case 7:
        wire.readCounters(r, end, this.#counters);
        this.#applyCounters(source);
        break;
      case 8:
        wire.readClosed(r, end, this.#counters);
        this.#applyClosed(source, r.buf);
        break;
      case 9: {
        const { frames, bytes } = Dropped.decode(r, end - r.pos);
        this.dropped = { frames: this.dropped.frames + frames, bytes: this.dropped.bytes + bytes };
        break;
      }
      case 0:
        throw new RangeError('field number 0');
      default: // a welcome, a status, or something newer than this
    }
  }

  #applyOpened(source: Source, bytes: Uint8Array): void {
    const e = this.#opened;
    const t = this.#table;
    const known = source.live.get(e.id);
    if (known !== 0) {
      const g = t.rows.group(known);
      const i = t.rows.index(known);
      if (g.openedAt[i] === e.openedAt) {
        this.#confirm(g, i, bytes);
        t.changes.touch(known);
        return;
      }
    }
    t.makeRoom();
    const d = t.dictionaries;
    // First what may throw.
    const process = d.process(bytes, e.process.start, e.process.end);
    const capture = d.name(bytes, e.capture.start, e.capture.end, maxName);
    const rule = d.name(bytes, e.rule.start, e.rule.end, maxName);
    const host = d.name(bytes, e.host.start, e.host.end, maxName);
    const address = d.address(bytes, e.sourceAddress.start, e.sourceAddress.end);
    // The id means another flow now: the proxy was started anew.
    const former = known === 0 ? 0 : source.live.get(e.id); // making room may have moved or removed it
    if (former !== 0) {
      if (!(t.flags(former) & Flag.ended)) t.lose(former);
      source.live.delete(e.id);
    }
    const id = t.rows.append();
    const g = t.rows.group(id);
    const i = t.rows.index(id);
    g.openedAt[i] = e.openedAt;
    g.remote[i] = e.id;
    g.process[i] = process;
    g.host[i] = host;
    g.origin[i] = d.origin(source.number, capture, address, rule);
    g.destination[i] = d.address(bytes, e.destinationAddress.start, e.destinationAddress.end);
    g.sourcePort[i] = e.sourcePort;
    g.destinationPort[i] = e.destinationPort;
    g.flags[i] = (e.protocol === Protocol.udp ? Flag.udp : 0) | (e.inbound ? Flag.inbound : 0);
    count(g, i, e.bytesUp, e.bytesDown, e.connectedAt);
    source.live.set(e.id, id);
    t.liveCount++;
    t.changes.changed();
  }

  /** A flow that is known is named again, by a snapshot or because more is known of it. */
  #confirm(g: RowGroup, i: number, bytes: Uint8Array): void {
    const { process, host, bytesUp, bytesDown, connectedAt } = this.#opened;
    const d = this.#table.dictionaries;
    if (process.end > process.start) g.process[i] = d.process(bytes, process.start, process.end);
    if (host.end > host.start) g.host[i] = d.name(bytes, host.start, host.end, maxName);
    if (g.flags[i]! & Flag.ended) this.#table.revive(g, i);
    g.flags[i]! &= ~(Flag.unconfirmed | Flag.revivable);
    count(g, i, bytesUp, bytesDown, connectedAt);
  }

  #applyData(source: Source, bytes: Uint8Array): void {
    const e = this.#data;
    const t = this.#table;
    const id = source.live.get(e.id);
    if (id === 0 || (e.direction !== 1 && e.direction !== 2)) return;
    const g = t.rows.group(id);
    const i = t.rows.index(id);
    if (g.flags[i]! & Flag.ended) return;
    const direction = (e.direction - 1) as Direction;
    const udp = (g.flags[i]! & Flag.udp) !== 0;
    const held = e.bytes.end - e.bytes.start;
    const size = udp ? Math.max(e.length, held) : held;
    const total = direction === 0 ? g.bytesUp : g.bytesDown;
    if (e.offset + size > total[i]!) total[i] = e.offset + size;
    // What is held already is not kept twice: of a stream the rest may be new, a datagram is known or it is not.
    const known = Math.max(0, t.bodies.heldEnd(g.body[i]!, id, direction) - e.offset);
    if (held === 0 || (known > 0 && (udp || known >= held))) return;
    const start = e.bytes.start + known;
    g.body[i] = t.bodies.append(
      { newest: g.body[i]!, id },
      { direction, offset: e.offset + known, at: e.at, size: size - known },
      bytes,
      start,
      e.bytes.end,
    );
    t.changes.touch(id);
  }

  #applyCounters(source: Source): void {
    const e = this.#counters;
    const t = this.#table;
    const id = source.live.get(e.id);
    if (id === 0) return;
    const g = t.rows.group(id);
    const i = t.rows.index(id);
    if (g.flags[i]! & Flag.ended) return;
    count(g, i, e.bytesUp, e.bytesDown, e.connectedAt);
    this.#countDatagrams(g, i);
    this.#countLost(g, i);
    t.changes.touch(id);
  }

  #applyClosed(source: Source, bytes: Uint8Array): void {
    const e = this.#counters;
    const t = this.#table;
    const id = source.live.get(e.id);
    if (id === 0) return;
    const g = t.rows.group(id);
    const i = t.rows.index(id);
    count(g, i, 0, 0, e.connectedAt);
    this.#countDatagrams(g, i);
    this.#countLost(g, i);
    g.bytesUp[i] = e.bytesUp;
    g.bytesDown[i] = e.bytesDown;
    if (e.error !== 0 || e.errorText.end > e.errorText.start) {
      const extra = t.extra(g, i);
      t.extras.error.set(extra, e.error);
      t.extras.errorText.set(extra, t.dictionaries.name(bytes, e.errorText.start, e.errorText.end, maxText));
    }
    t.end(id, e.reason, e.closedAt);
    source.live.delete(e.id);
  }

  #countDatagrams(g: RowGroup, i: number): void {
    const { datagramsUp, datagramsDown } = this.#counters;
    if (datagramsUp === 0 && datagramsDown === 0) return;
    const { extras } = this.#table;
    const extra = this.#table.extra(g, i);
    extras.datagramsUp.set(extra, Math.max(datagramsUp, extras.datagramsUp.get(extra)));
    extras.datagramsDown.set(extra, Math.max(datagramsDown, extras.datagramsDown.get(extra)));
  }

  #countLost(g: RowGroup, i: number): void {
    const { lostDatagramsUp, lostDatagramsDown, lostBytesUp, lostBytesDown } = this.#counters;
    if (lostDatagramsUp === 0 && lostDatagramsDown === 0) return;
    const { extras } = this.#table;
    const extra = this.#table.extra(g, i);
    extras.lostDatagramsUp.set(extra, Math.max(lostDatagramsUp, extras.lostDatagramsUp.get(extra)));
    extras.lostDatagramsDown.set(extra, Math.max(lostDatagramsDown, extras.lostDatagramsDown.get(extra)));
    extras.lostBytesUp.set(extra, Math.max(lostBytesUp, extras.lostBytesUp.get(extra)));
    extras.lostBytesDown.set(extra, Math.max(lostBytesDown, extras.lostBytesDown.get(extra)));
  }

  /** Live flows that the snapshot did not name have ended unseen. */
  #endSnapshot(source: Source): void {
    const t = this.#table;
    for (const id of source.live.ids()) {
      const flags = t.flags(id);
      if (!(flags & Flag.unconfirmed)) continue;
      if (!(flags & Flag.ended)) t.lose(id);
      t.setFlags(id, 0, Flag.unconfirmed | Flag.revivable);
      source.live.delete(t.rows.group(id).remote[t.rows.index(id)]!);
    }
  }

  /** They stay in the index: the same proxy may be reached again and still have them. */
  lost(source: Source): void {
    for (const id of source.live.ids()) {
      if (this.#table.flags(id) & Flag.ended) continue;
      this.#table.lose(id);
      this.#table.setFlags(id, Flag.revivable);
    }
  }
}

/** Counts only grow: a counter may be older than what was seen of the payload. */
function count(g: RowGroup, i: number, bytesUp: number, bytesDown: number, connectedAt: Microseconds): void {
  if (bytesUp > g.bytesUp[i]!) g.bytesUp[i] = bytesUp;
  if (bytesDown > g.bytesDown[i]!) g.bytesDown[i] = bytesDown;
  if (connectedAt !== 0 && g.connectedAfter[i] === 0)
    g.connectedAfter[i] = Math.min(Math.max(connectedAt - g.openedAt[i]!, 0) + 1, 0xffffffff);
}
