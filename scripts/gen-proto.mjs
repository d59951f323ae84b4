// proto/flow.proto -> gen/flow_pb.ts (protobufjs' Reader and Writer), gen/flow_pb.hpp and gen/flow_pb.cc (protozero).
// Both come from one parse, so a field cannot have two numbers; test/unit/endpoint/wire.test.ts then makes
// both sides encode and decode every message. Values absent from a message are the proto3 defaults.
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';

const root = path.resolve(import.meta.dirname, '..');
const source = path.join(root, 'proto/flow.proto');
const parsed = protobuf.parse(readFileSync(source, 'utf8'), { alternateCommentMode: true });
const names = parsed.root.lookup('flowtap').nestedArray;
const enums = names.filter((n) => n instanceof protobuf.Enum);
const messages = inDependencyOrder(names.filter((n) => n instanceof protobuf.Type));
for (const field of messages.flatMap((m) => m.fieldsArray)) field.resolve();

/** C++ needs a message's parts before the message. */
function inDependencyOrder(types) {
  const done = new Set();
  const visit = (type) => {
    if (done.has(type)) return;
    for (const field of type.fieldsArray) {
      const part = field.resolve().resolvedType;
      if (part instanceof protobuf.Type) visit(part);
    }
    done.add(type);
  };
  types.forEach(visit);
  return [...done];
}

const camel = (s) => s.replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
const snake = (s) => s.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const header = `// Made from proto/flow.proto by scripts/gen-proto.mjs. Do not edit.\n`;
const doc = (text, indent = '') => (text ? `${indent}/** ${text.replace(/\s*\n\s*/g, ' ')} */\n` : '');

// What each scalar is called on either side, its wire type, and protozero's name of its accessors.
const scalars = {
  uint32: { ts: 'number', cpp: 'uint32_t', wire: 0, zero: '0', proto: 'uint32' },
  int32: { ts: 'number', cpp: 'int32_t', wire: 0, zero: '0', proto: 'int32' },
  uint64: { ts: 'number', cpp: 'uint64_t', wire: 0, zero: '0', proto: 'uint64' },
  bool: { ts: 'boolean', cpp: 'bool', wire: 0, zero: 'false', proto: 'bool' },
  string: { ts: 'string', cpp: 'std::string', wire: 2, zero: "''", proto: 'string' },
  bytes: { ts: 'Uint8Array', cpp: 'std::string', wire: 2, zero: 'noBytes', proto: 'bytes' },
};
const kind = (field) => {
  if (field.resolvedType instanceof protobuf.Enum)
    return { ts: field.type, cpp: field.type, wire: 0, zero: '0', proto: 'enum', isEnum: true };
  if (field.resolvedType instanceof protobuf.Type) return { ts: field.type, cpp: field.type, wire: 2, isMessage: true };
  const scalar = scalars[field.type];
  if (!scalar) throw new Error(`${source}: ${field.fullName}: no mapping for type ${field.type}`);
  return scalar;
};

// ---- TypeScript ----
function enumMembers(e) {
  const prefix = `${snake(e.name).slice(1).toUpperCase()}_`;
  return Object.entries(e.values).map(([name, value]) => [camel(name.replace(prefix, '').toLowerCase()), value, name]);
}
function tsEnum(e) {
  const members = enumMembers(e);
  return (
    doc(e.comment) +
    `export const ${e.name} = { ${members.map(([n, v]) => `${n}: ${v}`).join(', ')} } as const;\n` +
    `export type ${e.name} = (typeof ${e.name})[keyof typeof ${e.name}];\n` +
    `export const ${e.name}Names = [${members.map(([n]) => `'${n}'`).join(', ')}] as const;\n`
  );
}
function tsMessage(m) {
  const fields = m.fieldsArray.map((f) => ({ f, k: kind(f), name: camel(f.name), tag: (w) => (f.id << 3) | w }));
  const typeOf = ({ f, k }) => (f.repeated ? `${k.ts}[]` : k.ts);
  const zero = ({ f, k }) => (f.repeated ? '[]' : k.isMessage ? 'undefined' : k.zero);
  const iface = fields
    .map(
      (x) =>
        `${doc(x.f.comment, '  ')}  ${x.name}${x.k.isMessage && !x.f.repeated ? '?' : ''}: ${typeOf(x)}${x.k.isMessage && !x.f.repeated ? ' | undefined' : ''};`,
    )
    .join('\n');
  const put = (x, value) => {
    if (x.k.isMessage) return `${x.f.type}.encode(${value}, w.uint32(${x.tag(2)}).fork()).ldelim();`;
    return `w.uint32(${x.tag(x.k.wire)}).${x.k.isEnum ? 'int32' : x.k.proto}(${value});`;
  };
  const enc = fields
    .map((x) => {
      const v = `m.${x.name}`;
      if (x.f.repeated && x.k.wire === 0)
        return `    if (${v} && ${v}.length > 0) {\n      w.uint32(${x.tag(2)}).fork();\n      for (const v of ${v}) w.${x.k.isEnum ? 'int32' : x.k.proto}(v);\n      w.ldelim();\n    }`;
      if (x.f.repeated) return `    for (const v of ${v} ?? []) ${put(x, 'v')}`;
      if (x.k.isMessage) return `    if (${v} !== undefined) ${put(x, v)}`;
      if (x.f.type === 'bytes' || x.f.type === 'string')
        return `    if (${v} !== undefined && ${v}.length > 0) ${put(x, v)}`;
      return `    if (${v}) ${put(x, v)}`;
    })
    .join('\n');
  const get = (x) => {
    if (x.k.isMessage) return `${x.f.type}.decode(r, r.uint32())`;
    if (x.k.isEnum) return `r.int32() as ${x.f.type}`;
    // The library types 64-bit reads as Long; without Long they are numbers.
    return x.f.type === 'uint64' ? '(r.uint64() as unknown as number)' : `r.${x.k.proto}()`;
  };
  const dec = fields
    .flatMap((x) => {
      const lines = [];
      if (x.f.repeated && x.k.wire === 0) {
        lines.push(`        case ${x.tag(0)}: m.${x.name}.push(${get(x)}); break;`);
        lines.push(
          `        case ${x.tag(2)}: for (let stop = within(r, r.uint32(), end); r.pos < stop; ) m.${x.name}.push(${get(x)}); break;`,
        );
      } else if (x.f.repeated) lines.push(`        case ${x.tag(x.k.wire)}: m.${x.name}.push(${get(x)}); break;`);
      else lines.push(`        case ${x.tag(x.k.wire)}: m.${x.name} = ${get(x)}; break;`);
      return lines;
    })
    .join('\n');
  const init = fields.filter((x) => !(x.k.isMessage && !x.f.repeated)).map((x) => `${x.name}: ${zero(x)}`);
  return `${doc(m.comment)}export interface ${m.name} {
${iface}
}
export const ${m.name} = {
  /** Field numbers. */
  field: { ${fields.map((x) => `${x.name}: ${x.f.id}`).join(', ')} } as const,
  make(part: Partial<${m.name}> = {}): ${m.name} {
    return { ${[...init, '...part'].join(', ')} };
  },
  encode(m: Partial<${m.name}>, w: Writer = Writer.create()): Writer {
${enc || '    void m;'}
    return w;
  },
  /** Throws RangeError on truncated input, Error on a malformed tag. \`length\` is counted from the reader's position. */
  decode(r: Reader, length: number = r.len - r.pos): ${m.name} {
    const m = ${m.name}.make();
    const end = within(r, length, r.len);
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag) {
${dec || ''}
        default: skip(r, tag);
      }
    }
    if (r.pos > end) throw new RangeError('${m.name} runs past its end');
    return m;
  },
};
`;
}
const ts = `${header}/* oxlint-disable */
import protobuf from 'protobufjs/minimal.js';

// Ids, byte counts and microseconds stay below 2^53, so plain numbers hold them exactly.
(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();
export const { Reader, Writer } = protobuf;
export type Reader = protobuf.Reader;
export type Writer = protobuf.Writer;

const noBytes = new Uint8Array(0);
function within(r: Reader, length: number, limit: number): number {
  if (length > limit - r.pos) throw new RangeError('a message is cut off');
  return r.pos + length;
}
function skip(r: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new Error('field number 0');
  r.skipType(tag & 7);
}

${enums.map(tsEnum).join('\n')}
${messages.map(tsMessage).join('\n')}
export const messages = { ${messages.map((m) => m.name).join(', ')} };
`;

// ---- C++ ----
const cppEnum = (e) =>
  `enum class ${e.name} : int32_t { ${enumMembers(e)
    .map(([n, v]) => `k${n[0].toUpperCase()}${n.slice(1)} = ${v}`)
    .join(', ')} };\n`;
function cppMessage(m) {
  const fields = m.fieldsArray.map((f) => ({ f, k: kind(f), name: f.name }));
  const decl = fields
    .map(({ f, k, name }) => {
      if (f.repeated) return `  std::vector<${k.cpp}> ${name};`;
      if (k.isMessage) return `  std::optional<${k.cpp}> ${name};`;
      return `  ${k.cpp} ${name}${k.wire === 0 ? (k.isEnum ? '{}' : ` = ${k.zero}`) : ''};`;
    })
    .join('\n');
  const value = (k, v) => (k.isEnum ? `static_cast<int32_t>(${v})` : v);
  const enc = fields
    .map(({ f, k, name }) => {
      const v = `m.${name}`;
      // protozero's nested writer leaves an empty part out, but an empty member of a oneof says something.
      const message = (x) =>
        `{ std::string part; protozero::pbf_writer to(part); encode(${x}, to); w.add_message(${f.id}, part); }`;
      if (f.repeated && k.isMessage) return `  for (const auto& v : ${v}) ${message('v')}`;
      if (f.repeated && k.wire === 0)
        return `  if (!${v}.empty()) {\n    protozero::packed_field_${k.isEnum ? 'int32' : k.proto} packed(w, ${f.id});\n    for (auto v : ${v}) packed.add_element(${value(k, 'v')});\n  }`;
      if (f.repeated) return `  for (const auto& v : ${v}) w.add_${k.proto}(${f.id}, v);`;
      if (k.isMessage) return `  if (${v}) ${message(`*${v}`)}`;
      if (k.wire === 2) return `  if (!${v}.empty()) w.add_${k.proto}(${f.id}, ${v});`;
      return `  if (${k.isEnum ? `static_cast<int32_t>(${v}) != 0` : v}) w.add_${k.isEnum ? 'int32' : k.proto}(${f.id}, ${value(k, v)});`;
    })
    .join('\n');
  const get = (k) => {
    if (k.isEnum) return `static_cast<${k.cpp}>(r.get_int32())`;
    return k.cpp === 'bool' ? 'r.get_uint64() != 0' : `r.get_${k.proto}()`; // get_bool() takes one-byte varints only
  };
  const at = (id, wire) =>
    `    case protozero::tag_and_type(${id}, protozero::pbf_wire_type::${wire === 0 ? 'varint' : 'length_delimited'}):`;
  const dec = fields
    .flatMap(({ f, k, name }) => {
      if (k.isMessage)
        return [
          `${at(f.id, 2)} { auto part = r.get_message(); if (!decode(part, ${f.repeated ? `m.${name}.emplace_back()` : `m.${name}.emplace()`})) return false; break; }`,
        ];
      if (f.repeated && k.wire === 0) {
        const g = k.isEnum ? 'int32' : k.proto;
        return [
          `${at(f.id, 0)} m.${name}.push_back(${get(k)}); break;`,
          `${at(f.id, 2)} for (auto v : r.get_packed_${g}()) m.${name}.push_back(static_cast<${k.cpp}>(v)); break;`,
        ];
      }
      return [`${at(f.id, k.wire)} ${f.repeated ? `m.${name}.push_back(${get(k)})` : `m.${name} = ${get(k)}`}; break;`];
    })
    .join('\n');
  const declaration = `struct ${m.name} {
${decl}
  /// Field numbers, for writers that go straight to bytes.
  enum Field : uint32_t { ${fields.map((x) => `k${camel(`_${x.name}`)}Field = ${x.f.id}`).join(', ')} };
  static constexpr const char* kName = "${m.name}";
};
/// Calls f with every field.
template <typename F>
void forEachField(${m.name}& m, F&& f) {
${fields.map(({ name }) => `  f(m.${name});`).join('\n') || '  (void)m; (void)f;'}
}
void encode(const ${m.name}& m, protozero::pbf_writer& w);
/// False where a part is malformed; a truncated field throws protozero::exception (see parse()).
bool decode(protozero::pbf_reader& r, ${m.name}& m);
`;
  const definition = `void encode(const ${m.name}& m, protozero::pbf_writer& w) {
${enc || '  (void)m; (void)w;'}
}
bool decode(protozero::pbf_reader& r, ${m.name}& m) {
${fields.length ? '' : '  (void)m;\n'}  while (r.next()) switch (r.tag_and_type()) {
${dec}
    default: r.skip();
  }
  return true;
}
`;
  return { declaration, definition };
}
const cpp = messages.map(cppMessage);
const hpp = `${header}#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

// Input is hostile, so what protozero asserts (tag 0, a tag out of range) must be an error in every build.
#define protozero_assert(x) \\
  do {                      \\
    if (!(x)) throw std::runtime_error("malformed message"); \\
  } while (0)
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace flowtap::wire {

${enums.map(cppEnum).join('')}
${cpp.map((m) => m.declaration).join('\n')}
/// Calls f with a default-made value of each message type.
template <typename F>
void forEachMessage(F&& f) {
${messages.map((m) => `  f(${m.name}{});`).join('\n')}
}

/// The message's bytes, without a frame header.
template <typename M>
std::string serialise(const M& m) {
  std::string bytes;
  protozero::pbf_writer w(bytes);
  encode(m, w);
  return bytes;
}

/// False, with m in an unspecified state, where the bytes are not a well-formed M. Never throws.
template <typename M>
bool parse(const char* data, size_t size, M& m) noexcept {
  try {
    protozero::pbf_reader r(data, size);
    m = M{};
    return decode(r, m);
  } catch (...) {
    return false;
  }
}

}  // namespace flowtap::wire
`;

// Apart from the header: what every file that includes it would otherwise compile takes ten seconds with sanitizers.
const cc = `${header}#include "gen/flow_pb.hpp"

namespace flowtap::wire {

${cpp.map((m) => m.definition).join('\n')}
}  // namespace flowtap::wire
`;

mkdirSync(path.join(root, 'gen'), { recursive: true });
for (const [file, text] of [
  ['gen/flow_pb.ts', ts],
  ['gen/flow_pb.hpp', hpp],
  ['gen/flow_pb.cc', cc],
]) {
  const target = path.join(root, file);
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}
