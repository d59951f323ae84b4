// What flows share, each once: names, addresses, processes, and the origin (source, capture, address, rule).
import { Process, Reader } from '../../gen/flow_pb.ts';
import { addressText } from './address.ts';
import type { Extras } from './extras.ts';
import { Interner, maxKey, type Interned } from './interner.ts';
import type { FlowProcess } from './model.ts';
import type { Rows } from './rows.ts';

/** What the flows of one captured program have in common besides the process. */
export interface Origin {
  /** As addSource() numbered it. */
  readonly source: number;
  readonly capture: string;
  readonly rule: string;
  /** The source address. */
  readonly address: string;
}

/** For readers of columns. */
export interface FlowDictionaries {
  /** Hosts. */
  readonly names: Interned<string>;
  readonly addresses: Interned<string>;
  readonly processes: Interned<FlowProcess>;
  readonly origins: Interned<Origin>;
}

/** Together they may hold this much memory, in bytes; then flows have to go. */
const limit = 256 * 1024 * 1024;
const utf8 = new TextDecoder();
const encoder = new TextEncoder();

export class Dictionaries implements FlowDictionaries {
  readonly names = new Interner((bytes) => utf8.decode(bytes));
  readonly addresses = new Interner(addressText);
  readonly processes = new Interner(readProcess, true);
  readonly origins = new Interner((bytes) => this.#readOrigin(bytes));
  readonly #originKey = new Uint8Array(16);
  readonly #originFields = new DataView(this.#originKey.buffer);

  get bytes(): number {
    return this.names.bytes + this.addresses.bytes + this.processes.bytes + this.origins.bytes;
  }
  get full(): boolean {
    return this.bytes > limit;
  }
  get wantSweep(): boolean {
    return this.names.wantsSweep || this.addresses.wantsSweep || this.processes.wantsSweep || this.origins.wantsSweep;
  }

  /** Text of at most `most` bytes; what is longer is cut between characters and ends in "…". */
  name(bytes: Uint8Array, start: number, end: number, most: number): number {
    if (end - start <= most) return this.names.intern(bytes, start, end);
    let to = start + most - 3;
    while (to > start && (bytes[to]! & 0xc0) === 0x80) to--;
    const cut = new Uint8Array(to - start + 3);
    cut.set(bytes.subarray(start, to));
    cut.set([0xe2, 0x80, 0xa6], to - start);
    return this.names.intern(cut, 0, cut.length);
  }

  nameOf(text: string, most: number): number {
    const bytes = encoder.encode(text);
    return this.name(bytes, 0, bytes.length, most);
  }

  address(bytes: Uint8Array, start: number, end: number): number {
    return end - start === 4 || end - start === 16 ? this.addresses.intern(bytes, start, end) : 0;
  }

  /** An encoded Process. Throws where it is malformed. */
  process(bytes: Uint8Array, start: number, end: number): number {
    if (end - start <= maxKey) return this.processes.intern(bytes, start, end);
    const short = shortened(bytes.subarray(start, end));
    return this.processes.intern(short, 0, short.length);
  }

  origin(source: number, capture: number, address: number, rule: number): number {
    const fields = this.#originFields;
    fields.setUint32(0, source);
    fields.setUint32(4, capture);
    fields.setUint32(8, address);
    fields.setUint32(12, rule);
    return this.origins.intern(this.#originKey, 0, 16);
  }

  /** Frees what no row names. Indices in use stay what they are. */
  sweep(rows: Rows, extras: Extras): void {
    const names = new Uint8Array(this.names.size);
    const addresses = new Uint8Array(this.addresses.size);
    const processes = new Uint8Array(this.processes.size);
    const origins = new Uint8Array(this.origins.size);
    for (const { group, from, to } of rows.slices())
      for (let i = from; i < to; i++) {
        names[group.host[i]!] = 1;
        addresses[group.destination[i]!] = 1;
        processes[group.process[i]!] = 1;
        origins[group.origin[i]!] = 1;
        const extra = group.extra[i]!;
        if (extra !== 0) for (const column of extras.names) names[column.get(extra)] = 1;
      }
    for (let index = 1; index < origins.length; index++) {
      if (origins[index] === 0) continue;
      const [, capture, address, rule] = originFields(this.origins.key(index));
      names[capture] = names[rule] = 1;
      addresses[address] = 1;
    }
    this.names.sweep(names);
    this.addresses.sweep(addresses);
    this.processes.sweep(processes);
    this.origins.sweep(origins);
  }

  #readOrigin(bytes: Uint8Array): Origin {
    const [source, capture, address, rule] = originFields(bytes);
    return {
      source,
      capture: this.names.get(capture),
      address: this.addresses.get(address),
      rule: this.names.get(rule),
    };
  }
}

function originFields(key: Uint8Array): [source: number, capture: number, address: number, rule: number] {
  if (key.length === 0) return [0, 0, 0, 0];
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

function readProcess(bytes: Uint8Array): FlowProcess {
  const { pid, name, path, arguments: args, uid, ancestors } = Process.decode(Reader.create(bytes));
  return { pid, name, path, arguments: args, uid, ancestors };
}

/** Arguments are what makes a process long; the first ones say most. */
function shortened(bytes: Uint8Array): Uint8Array {
  const p = Process.decode(Reader.create(bytes));
  const kept: string[] = [];
  let room = 2048;
  for (const argument of p.arguments) {
    if (argument.length > room || kept.length === 256) {
      kept.push(`${argument.slice(0, room)}…`);
      break;
    }
    kept.push(argument);
    room -= argument.length;
  }
  return Process.encode({
    ...p,
    name: p.name.slice(0, 256),
    path: p.path.slice(0, 1024),
    arguments: kept,
    ancestors: p.ancestors.slice(0, 16).map((a) => ({ pid: a.pid, name: a.name.slice(0, 64) })),
    signingId: '',
    teamId: '',
  }).finish();
}
