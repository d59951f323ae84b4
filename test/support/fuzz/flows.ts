// Payload of flows as bytes to be changed by fuzzing, and what must hold of any dissection.
import assert from 'node:assert/strict';
import { decodeContent } from '../../../src/dissect/content.ts';
import {
  maxMessages,
  type Body,
  type Direction,
  type Dissection,
  type Message,
} from '../../../src/dissect/dissection.ts';
import type { PayloadChunk } from '../../../src/dissect/feed.ts';
import { nodeCodecs } from '../../../src/node/contentCodecs.ts';

/** Kind (0 up, 1 down, 2 and 3 gaps, 4 and 5 ends), 16 bits of length, the bytes. */
export function script(chunks: Readonly<Record<Direction, readonly PayloadChunk[]>>): Uint8Array {
  const all = [...chunks.up.map((c) => ({ kind: 0, c })), ...chunks.down.map((c) => ({ kind: 1, c }))];
  const pieces = all
    .sort((a, b) => a.c.at - b.c.at)
    .flatMap(({ kind, c: { bytes } }) => [Uint8Array.of(kind, bytes.length >> 8, bytes.length & 255), bytes]);
  return Buffer.concat([...pieces, Uint8Array.of(4, 0, 0, 5, 0, 0)]);
}

/** Plays any bytes as such a script. */
export function play(d: Dissection, bytes: Uint8Array): void {
  let time = 1;
  for (let at = 0; at + 3 <= bytes.length;) {
    const [kind, length] = [bytes[at]! % 6, (bytes[at + 1]! << 8) | bytes[at + 2]!];
    at += 3;
    const direction: Direction = kind % 2 ? 'down' : 'up';
    if (kind >= 4) d.end(direction, time++);
    else if (kind >= 2) d.gap(direction, length, time++);
    else {
      const piece = bytes.slice(at, at + length);
      at += piece.length;
      d.data(direction, piece, time++);
    }
  }
}

/** Bounded, whole, and everything in it can be looked at. */
export function check(d: Dissection, input: number): void {
  const { application, messages, notes } = d;
  assert.ok(!notes.some((n) => n.includes('dissector failed')), notes.join('; '));
  assert.ok(notes.length <= 100, `${notes.length} notes`);
  assert.ok(messages.length <= 5 * maxMessages, `${messages.length} messages`);
  assert.ok(application.summary.length < 300_000, `a summary of ${application.summary.length} characters`);
  let size = 0;
  let bodies = 0;
  for (const message of messages) {
    assert.ok(message, 'a message is missing');
    size += textOf(message);
    for (const body of bodiesOf(message)) {
      assert.ok(body.bytes.length <= body.length || body.truncated, 'a body of more than its length');
      if (bodies++ < 20) for (const decoders of [{}, nodeCodecs]) decodeContent(body, decoders);
    }
  }
  assert.ok(size <= (8 << 20) + 64 * input, `${size} characters from ${input} bytes`);
}

const fieldsOf = (fields: readonly (readonly [string, string])[]): number => fields.reduce((n, [a, b]) => n + a.length + b.length, 0); // prettier-ignore
function textOf(m: Message): number {
  switch (m.kind) {
    case 'http':
      return [m.request, m.response].reduce((n, x) => (x ? n + fieldsOf(x.headers) + fieldsOf(x.trailers) : n), 0);
    case 'frame':
      return m.text?.length ?? 0;
    case 'dns':
      return m.dns.answers.reduce((n, a) => n + a.name.length + a.data.length, 0);
    case 'handshake':
      return fieldsOf(m.fields);
  }
}
function bodiesOf(m: Message): Body[] {
  if (m.kind === 'frame') return [m.body];
  return m.kind === 'http' ? [m.request?.body, m.response?.body].filter((b) => b !== undefined) : [];
}
