import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ClientFrame, Reader } from '../../../gen/flow_pb.ts';
import { encodeClientFrame, frame, FrameError, FrameReader, maxFrame } from '../../../src/endpoint/framing.ts';

/** Cuts `bytes` at `cuts` and returns the frames that come out. */
function read(bytes: Uint8Array, cuts: readonly number[]): { frames: Uint8Array[]; atBoundary: boolean } {
  const frames: Uint8Array[] = [];
  const reader = new FrameReader((buffer, start, end) => frames.push(buffer.slice(start, end)));
  const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (let i = 1; i < at.length; i++) {
    // A buffer that is used for the next chunk, as a socket's may be.
    const chunk = bytes.slice(at[i - 1], at[i]);
    reader.push(chunk);
    chunk.fill(0xee);
  }
  return { frames, atBoundary: reader.atBoundary };
}
const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const header = (length: number): Uint8Array => new Uint8Array(new Uint32Array([length]).buffer);

describe('framing', () => {
  const message = fc.uint8Array({ minLength: 1, maxLength: 200 });
  const cuts = fc.array(fc.nat(100_000), { maxLength: 30 });

  it('gives back what was framed, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), cuts, (messages, at) => {
        const { frames, atBoundary } = read(join(messages.map(frame)), at);
        assert.deepEqual(frames, messages);
        assert.ok(atBoundary);
      }),
    );
  });

  it('knows when the stream ends in the middle of a frame', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 3 }), message, fc.nat(), cuts, (messages, last, missing, at) => {
        const whole = frame(last);
        const part = whole.subarray(0, 1 + (missing % (whole.length - 1)));
        const { frames, atBoundary } = read(join([...messages.map(frame), part]), at);
        assert.deepEqual(frames, messages);
        assert.ok(!atBoundary);
      }),
    );
  });

  it('does not copy a frame that lies within a chunk', () => {
    const chunk = join([frame(Uint8Array.of(1)), frame(Uint8Array.of(2, 3))]);
    const seen: [Uint8Array, number, number][] = [];
    new FrameReader((...range) => seen.push(range)).push(chunk);
    assert.deepEqual(seen, [
      [chunk, 4, 5],
      [chunk, 9, 11],
    ]);
    assert.ok(seen.every(([bytes]) => bytes === chunk));
  });

  it('takes frames of the maximum size, and not one byte more', () => {
    const largest = new Uint8Array(maxFrame).fill(7);
    assert.equal(read(frame(largest), [100_000, 900_000]).frames[0]?.length, maxFrame);
    assert.throws(() => read(header(maxFrame + 1), []), { code: 'oversized', length: maxFrame + 1 });
    assert.throws(() => frame(new Uint8Array(maxFrame + 1)), RangeError);
    assert.throws(() => frame(new Uint8Array(0)), RangeError);
  });

  it('refuses a frame of length 0 wherever it comes, after passing on what came before', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), cuts, (messages, at) => {
        const got: Uint8Array[] = [];
        const reader = new FrameReader((b, start, end) => got.push(b.slice(start, end)));
        const bytes = join([...messages.map(frame), header(0)]);
        const ends = [...new Set([...at.map((c) => c % bytes.length), bytes.length])].sort((a, b) => a - b);
        assert.throws(
          () => {
            let from = 0;
            for (const end of ends) {
              reader.push(bytes.subarray(from, end));
              from = end;
            }
          },
          (e: unknown) => e instanceof FrameError && e.code === 'empty',
        );
        assert.deepEqual(got, messages);
      }),
    );
  });

  it('names what arrived instead of a frame', () => {
    const http = new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n');
    assert.throws(
      () => read(http, []),
      (e: unknown) => {
        assert.ok(e instanceof FrameError);
        assert.match(e.message, /1347703880 bytes .* 1048576; .*48 54 54 50 \("HTTP"\)/);
        return true;
      },
    );
  });

  it('never does anything but give frames or throw a FrameError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
        try {
          const { frames } = read(bytes, at);
          const held = frames.reduce((sum, f) => sum + f.length + 4, 0);
          assert.ok(held <= bytes.length);
        } catch (error) {
          assert.ok(error instanceof FrameError, String(error));
        }
      }),
    );
  });

  it('lets what the sink throws come through', () => {
    const reader = new FrameReader(() => {
      throw new RangeError('malformed');
    });
    assert.throws(() => reader.push(frame(Uint8Array.of(1))), /malformed/);
  });

  it('encodes client frames', () => {
    const bytes = encodeClientFrame({ probe: { nonce: 7 } });
    assert.deepEqual(ClientFrame.decode(Reader.create(bytes.subarray(4))), { probe: { nonce: 7 } });
  });
});
