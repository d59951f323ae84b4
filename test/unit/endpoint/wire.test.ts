// The wire contract in its two languages: what TypeScript encodes C++ decodes to the same values, and the other way
// round, for every message and every field. protobufjs' reflection on proto/flow.proto is the third opinion.
// The C++ half is sysext/test/wire_peer.cc, built with AddressSanitizer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { messages, Reader } from '../../../gen/flow_pb.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const peer = path.join(root, 'out/asan/wire-peer');

type Value = Record<string, unknown>;
type Codec = {
  make(part?: Value): Value;
  encode(m: Value): { finish(): Uint8Array };
  decode(r: protobuf.Reader, length?: number): Value;
};
const codecs = messages as unknown as Record<string, Codec>;
const names = Object.keys(codecs);

const described = protobuf
  .parse(readFileSync(path.join(root, 'proto/flow.proto'), 'utf8'))
  .root.lookup('flowtap') as protobuf.Namespace;
const typeOf = (name: string): protobuf.Type => described.lookupType(name);

interface Scalars {
  readonly [type: string]: unknown;
}
/** The same values as high() in wire_peer.cc. */
const text = 'aé漢😀 \x01'.repeat(2000);
const high: Scalars = {
  uint32: 2 ** 32 - 1,
  uint64: 2 ** 53 - 1,
  int32: -(2 ** 31),
  bool: true,
  string: text,
  bytes: new Uint8Array(Buffer.from(text)),
};
const highEnum = 2 ** 31 - 1;
const low: Scalars = { uint32: 1, uint64: 2 ** 32, int32: -1, bool: true, string: '\0', bytes: new Uint8Array([0]) };

function value(type: protobuf.Type, scalars: Scalars, enumValue: number): Value {
  const made: Value = {};
  for (const field of type.fieldsArray) {
    field.resolve();
    const one = (): unknown =>
      field.resolvedType instanceof protobuf.Type
        ? value(field.resolvedType, scalars, enumValue)
        : field.resolvedType
          ? enumValue
          : scalars[field.type];
    const empty = (): unknown =>
      field.resolvedType instanceof protobuf.Type
        ? codecs[field.resolvedType.name]!.make()
        : field.resolvedType
          ? 0
          : { uint32: 0, uint64: 0, int32: 0, bool: false, string: '', bytes: new Uint8Array(0) }[field.type];
    made[field.name] = field.repeated ? [empty(), one()] : one();
  }
  return codecs[type.name]!.make(made);
}

/** What identifies a value, short enough for a failure's message. Buffers and typed arrays are alike. */
function plain(v: unknown): unknown {
  if (v instanceof Uint8Array) return `bytes ${v.length}: ${createHash('sha256').update(v).digest('hex')}`;
  if (typeof v === 'string' && v.length > 100)
    return `string ${v.length}: ${createHash('sha256').update(v).digest('hex')}`;
  if (Array.isArray(v)) return v.map(plain);
  if (v && typeof v === 'object')
    return Object.fromEntries(
      Object.entries(v)
        .filter(([, part]) => part !== undefined)
        .map(([key, part]) => [key, plain(part)]),
    );
  return v;
}

interface Pair {
  readonly name: string;
  readonly bytes: Uint8Array;
}
function pack(pairs: readonly Pair[]): Buffer {
  const parts: Buffer[] = [];
  for (const { name, bytes } of pairs)
    for (const part of [Buffer.from(name), Buffer.from(bytes)]) {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(part.length);
      parts.push(size, part);
    }
  return Buffer.concat(parts);
}
function unpack(data: Buffer): Pair[] {
  let at = 0;
  const next = (): Buffer => {
    const size = data.readUInt32LE(at);
    at += 4 + size;
    return data.subarray(at - size, at);
  };
  const pairs: Pair[] = [];
  while (at < data.length) pairs.push({ name: next().toString(), bytes: next() });
  return pairs;
}
function run(args: readonly string[], input: Buffer = Buffer.alloc(0)): Pair[] {
  const { status, stdout, stderr, error } = spawnSync(peer, args, { input, maxBuffer: 1 << 28 });
  assert.equal(status, 0, `wire-peer: ${error?.message ?? stderr.toString()}`);
  return unpack(stdout);
}
const encode = (name: string, v: Value): Uint8Array => codecs[name]!.encode(v).finish();
const decode = (name: string, bytes: Uint8Array): Value => codecs[name]!.decode(Reader.create(bytes));

/** Sends values through C++ and compares what comes back. */
function throughCpp(
  values: readonly { name: string; value: Value }[],
  mangle = (b: Uint8Array): Uint8Array => b,
): void {
  const answers = run([], pack(values.map((v) => ({ name: v.name, bytes: mangle(encode(v.name, v.value)) }))));
  assert.equal(answers.length, values.length);
  values.forEach((v, i) => {
    assert.equal(answers[i]!.name, v.name, `C++ refuses ${v.name}`);
    assert.deepEqual(plain(decode(v.name, answers[i]!.bytes)), plain(v.value), v.name);
  });
}

describe('wire contract', function () {
  this.timeout(180_000);

  before(() => {
    const built = spawnSync(process.execPath, ['scripts/build-native.mjs', '--variant', 'asan', 'wire-peer'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(built.status, 0, built.stderr);
  });

  it('generates every message of the contract', () => {
    const inContract = described.nestedArray.filter((n) => n instanceof protobuf.Type).map((t) => t.name);
    assert.deepEqual(names.toSorted(), inContract.toSorted());
  });

  it('carries every field at its upper boundary from C++ to TypeScript', () => {
    const emitted = run(['--emit']);
    assert.deepEqual(emitted.map((p) => p.name).toSorted(), names.toSorted());
    for (const { name, bytes } of emitted)
      assert.deepEqual(plain(decode(name, bytes)), plain(value(typeOf(name), high, highEnum)), name);
  });

  it('carries every field from TypeScript through C++ and back, at both boundaries and empty', () => {
    throughCpp(
      names.flatMap((name) => [
        { name, value: value(typeOf(name), high, highEnum) },
        { name, value: value(typeOf(name), low, 1) },
        { name, value: codecs[name]!.make() },
      ]),
    );
  });

  it('agrees with protobufjs’ own reading of the contract', () => {
    for (const name of names) {
      const everything = value(typeOf(name), high, highEnum);
      // Its reader keeps one member of a oneof, so each is tried alone.
      const members = new Set(typeOf(name).oneofsArray.flatMap((o) => o.fieldsArray.map((f) => f.name)));
      const cases = members.size ? [...members].map((m) => ({ [m]: everything[m] })) : [everything];
      for (const expected of cases) {
        const message = typeOf(name).decode(encode(name, expected));
        const seen = typeOf(name).toObject(message, { longs: Number, enums: Number, arrays: true, defaults: true });
        for (const [key, part] of Object.entries(expected))
          assert.deepEqual(plain(seen[key]), plain(part), `${name}.${key}`);
      }
    }
  });

  it('carries any numbers and strings', () => {
    const flow = fc.record({
      id: fc.maxSafeNat(),
      openedAt: fc.maxSafeNat(),
      bytesUp: fc.maxSafeNat(),
      host: fc.string({ unit: 'grapheme' }),
      inbound: fc.boolean(),
    });
    const values = fc.sample(flow, 300).map((part) => ({
      name: 'FlowOpened',
      value: codecs['FlowOpened']!.make(part),
    }));
    throughCpp(values);
  });

  it('ignores fields of a later revision, of every wire type, on both sides', () => {
    // Field 1000: a varint, 8 bytes, 4 bytes, and a length-delimited one.
    const later = protobuf.Writer.create();
    later.uint32((1000 << 3) | 0).uint32(7);
    later.uint32((1000 << 3) | 1).fixed64(9);
    later.uint32((1000 << 3) | 5).fixed32(9);
    later.uint32((1000 << 3) | 2).string('new');
    const unknown = later.finish();
    const mangle = (bytes: Uint8Array): Uint8Array => Buffer.concat([unknown, bytes, unknown]);
    const values = names.map((name) => ({ name, value: value(typeOf(name), low, 1) }));
    throughCpp(values, mangle);
    for (const { name, value: v } of values)
      assert.deepEqual(plain(decode(name, mangle(encode(name, v)))), plain(v), name);
  });

  it('refuses cut and random bytes in C++ without falling over', () => {
    const bytes = encode('ProxyFrame', value(typeOf('ProxyFrame'), low, 1));
    const cut = Array.from({ length: bytes.length }, (_, i) => ({ name: 'ProxyFrame', bytes: bytes.subarray(0, i) }));
    const random = fc
      .sample(fc.uint8Array({ maxLength: 64 }), 500)
      .flatMap((b) => ['ClientFrame', 'ProxyFrame'].map((name) => ({ name, bytes: b })));
    const answers = run([], pack([...cut, ...random]));
    assert.equal(answers.length, cut.length + random.length);
    // A cut inside a member's length-delimited body cannot be a whole message.
    assert.ok(answers.slice(0, cut.length).some((a) => a.name === ''));
  });
});
