// The payload of flows; when the budget is used up the oldest segment goes. A piece is one FlowData frame.
// The pieces of a direction are a chain, newest first; a row holds the newest of both.
import type { FlowId } from './model.ts';
import { Segments, type PayloadCodec } from './segments.ts';

/** Pieces of one group of piece columns. */
const groupPieces = 256;
const pieceBytes = 45;
const wrap = 2 ** 32;

export type Direction = 0 | 1; // up, down

interface PieceGroup {
  readonly offset: Float64Array;
  readonly at: Float64Array;
  /** Bytes held. */
  readonly length: Uint32Array;
  /** Bytes there were: of a datagram that was cut, more than held. */
  readonly size: Uint32Array;
  readonly position: Uint32Array;
  readonly segment: Uint32Array;
  /** The piece before it in its direction, and the last one of the other direction. */
  readonly previous: Uint32Array;
  readonly other: Uint32Array;
  /** The row's id, low half. Tells a row's own pieces from newer ones that got an old number again. */
  readonly owner: Uint32Array;
  readonly direction: Uint8Array;
}

function makeGroup(): PieceGroup {
  const buffer = new ArrayBuffer(groupPieces * pieceBytes);
  const u32 = (column: number): Uint32Array => new Uint32Array(buffer, groupPieces * (16 + 4 * column), groupPieces);
  return {
    offset: new Float64Array(buffer, 0, groupPieces),
    at: new Float64Array(buffer, groupPieces * 8, groupPieces),
    length: u32(0),
    size: u32(1),
    position: u32(2),
    segment: u32(3),
    previous: u32(4),
    other: u32(5),
    owner: u32(6),
    direction: new Uint8Array(buffer, groupPieces * 44, groupPieces),
  };
}

/** A row, and the piece its `body` column names. */
export interface RowBody {
  readonly newest: number;
  readonly id: FlowId;
}

export interface PieceInfo {
  readonly direction: Direction;
  readonly offset: number;
  readonly at: number;
  readonly size: number;
}

export interface Piece extends PieceInfo {
  readonly bytes: Uint8Array;
}

export class Bodies {
  /** Bytes of payload that were let go. */
  evictedBytes = 0;
  readonly #budget: number;
  readonly #onEvict: (owner: number) => void;
  readonly #segments: Segments;
  #groups: PieceGroup[] = [];
  /** Pieces are numbered [first, end), modulo 2^32 where they are stored; #base is the first of #groups[0]. */
  #base = 0;
  #first = 1;
  #end = 1;

  /** `onEvict` is told the low half of the id of each row that lost payload. */
  constructor(budget: number, onEvict: (owner: number) => void, codec?: PayloadCodec) {
    this.#budget = budget;
    this.#onEvict = onEvict;
    this.#segments = new Segments(budget, codec);
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#segments.bytes + this.#groups.length * groupPieces * pieceBytes;
  }

  /** Where the payload that a row holds ends in `direction`. */
  heldEnd(newest: number, id: FlowId, direction: Direction): number {
    const piece = this.#last(newest, id, direction);
    return piece === 0 ? 0 : this.#get(piece, 'offset') + this.#get(piece, 'size');
  }

  /** Adds a copy of bytes[start, end); returns the row's newest piece, the same as before where there is no room at all. */
  append(row: RowBody, piece: PieceInfo, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (!this.#reserve(length)) {
      this.evictedBytes += length;
      return row.newest;
    }
    if (this.#end % wrap === 0) this.#add(0); // number 0 means none
    const { direction } = piece;
    const previous = this.#last(row.newest, row.id, direction);
    const other = this.#last(row.newest, row.id, direction === 0 ? 1 : 0);
    const position = this.#segments.write(bytes, start, end);
    const { group, index } = this.#add(row.id % wrap);
    group.offset[index] = piece.offset;
    group.at[index] = piece.at;
    group.length[index] = length;
    group.size[index] = piece.size;
    group.position[index] = position;
    group.segment[index] = this.#segments.end - 1;
    group.previous[index] = previous;
    group.other[index] = other;
    group.direction[index] = direction;
    return (this.#end - 1) % wrap;
  }

  /** Nothing is held any more, and no work goes on. */
  clear(): void {
    this.#segments.clear();
    this.#groups = [];
    this.#base = this.#first = this.#end;
  }

  /** A row's payload, into another store; returns the newest piece there. */
  copy(newest: number, id: FlowId, to: Bodies): number {
    const row = { newest: 0, id };
    for (const direction of [0, 1] as const)
      for (const { offset, at, size, bytes } of this.pieces(newest, id, direction))
        row.newest = to.append(row, { direction, offset, at, size }, bytes, 0, bytes.length);
    return row.newest;
  }

  /** The pieces of one direction that end behind `from`, oldest first. Their bytes stay what they are, whatever is evicted later. */
  pieces(newest: number, id: FlowId, direction: Direction, from = 0): Piece[] {
    const pieces: Piece[] = [];
    for (let n = this.#last(newest, id, direction); this.#holds(n); n = this.#get(n, 'previous')) {
      const { group, index } = this.#locate(n);
      // Offsets only grow along the chain.
      if (from > 0 && group.offset[index]! + group.size[index]! <= from) break;
      const { first } = this.#segments;
      const segment = first + ((group.segment[index]! - first) >>> 0);
      pieces.push({
        direction,
        offset: group.offset[index]!,
        bytes: this.#segments.read(segment, group.position[index]!, group.length[index]!),
        at: group.at[index]!,
        size: group.size[index]!,
      });
    }
    return pieces.reverse();
  }

  /** A row's payload goes on under another row id. */
  move(newest: number, from: FlowId, to: FlowId): void {
    for (const direction of [0, 1] as const)
      for (let n = this.#last(newest, from, direction); this.#holds(n); n = this.#get(n, 'previous')) {
        const { group, index } = this.#locate(n);
        // The newest one is where the other direction's chain is found: it goes last.
        if (n !== newest) group.owner[index] = to % wrap;
      }
    if (newest !== 0 && this.#owns(newest, from))
      this.#locate(newest).group.owner[this.#locate(newest).index] = to % wrap;
  }

  /** The newest piece of a direction, 0 for none. */
  #last(newest: number, id: FlowId, direction: Direction): number {
    if (newest === 0 || !this.#owns(newest, id)) return 0;
    if (this.#get(newest, 'direction') === direction) return newest;
    const other = this.#get(newest, 'other');
    return this.#holds(other) ? other : 0;
  }

  #owns(piece: number, id: FlowId): boolean {
    return this.#holds(piece) && this.#get(piece, 'owner') === id % wrap;
  }

  #holds(piece: number): boolean {
    return piece !== 0 && (piece - this.#first) >>> 0 < this.#end - this.#first;
  }

  #locate(piece: number): { group: PieceGroup; index: number } {
    const at = (piece - this.#base) >>> 0;
    return { group: this.#groups[Math.floor(at / groupPieces)]!, index: at % groupPieces };
  }

  #get(piece: number, column: keyof PieceGroup): number {
    const { group, index } = this.#locate(piece);
    return group[column][index]!;
  }

  #add(owner: number): { group: PieceGroup; index: number } {
    const at = this.#end++ - this.#base;
    if (Math.floor(at / groupPieces) === this.#groups.length) this.#groups.push(makeGroup());
    const place = { group: this.#groups[Math.floor(at / groupPieces)]!, index: at % groupPieces };
    place.group.owner[place.index] = owner;
    return place;
  }

  /** Room for a piece of `length` bytes. False where the whole budget is too small. */
  #reserve(length: number): boolean {
    // Two pieces at most are added: this one and the one numbered 0.
    const groups = Math.floor((this.#end + 1 - this.#base) / groupPieces) + 1 - this.#groups.length;
    while (this.bytes + this.#segments.wants(length) + groups * groupPieces * pieceBytes > this.#budget) {
      if (this.#segments.end === this.#segments.first) return false;
      this.#evictSegment();
    }
    return true;
  }

  #evictSegment(): void {
    const number = this.#segments.first % wrap;
    for (; this.#first < this.#end; this.#first++) {
      const { group, index } = this.#locate(this.#first % wrap);
      if (group.segment[index] !== number && group.length[index] !== 0) break;
      this.evictedBytes += group.length[index]!;
      this.#onEvict(group.owner[index]!);
    }
    while (this.#first - this.#base >= groupPieces) {
      this.#groups.shift();
      this.#base += groupPieces;
    }
    this.#segments.shift();
  }
}
