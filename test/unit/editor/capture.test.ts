// An opened capture file, without the editor around it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BytesOut } from '../../../src/capture/bytesOut.ts';
import { TcpFlag, writeTcp } from '../../../src/capture/packets.ts';
import { LoadedCapture } from '../../../src/editor/capture/document.ts';

const t = (text: string, ...values: (string | number | boolean)[]): string =>
  text.replace(/\{(\d+)\}/g, (_, i) => String(values[Number(i)]));
const limits = { flows: 1000, bodyBytes: 16 << 20 };
const sides = [
  { address: Uint8Array.of(198, 18, 0, 2), port: 40_000 },
  { address: Uint8Array.of(203, 0, 113, 7), port: 80 },
] as const;

/** A pcap file (LINKTYPE_RAW) of segments of one direction; `at` in seconds. */
function pcap(segments: readonly { at: number; sequence: number; flags?: number; text: string }[]): Uint8Array {
  const out = new BytesOut();
  for (const word of [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 101]) out.u32(word);
  for (const { at, sequence, flags = TcpFlag.ack, text } of segments) {
    const packet = new BytesOut();
    const bytes = new TextEncoder().encode(text);
    writeTcp(packet, sides[0], sides[1], { sequence, acknowledgement: 1, flags }, bytes, bytes.length);
    const data = packet.take();
    for (const word of [at, 0, data.length, data.length]) out.u32(word);
    out.bytes(data);
  }
  return out.take();
}

describe('a capture that is opened', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-capture-'));
  after(() => rmSync(folder, { recursive: true }));
  async function load(bytes: Uint8Array, whileReading?: (c: LoadedCapture) => void): Promise<LoadedCapture> {
    const file = path.join(folder, 'capture');
    writeFileSync(file, bytes);
    const capture = new LoadedCapture(file, limits, t);
    assert.equal(capture.progress, 0);
    await capture.load(() => whileReading?.(capture));
    assert.equal(capture.progress, undefined);
    return capture;
  }

  it('holds the flows with what they say, up to the time of the last packet', async () => {
    const capture = await load(
      pcap([
        { at: 1000, sequence: 0, flags: TcpFlag.syn, text: '' },
        { at: 1005, sequence: 1, text: 'GET /x HTTP/1.1\r\nHost: api.example\r\n\r\n' },
      ]),
    );
    const flow = capture.store.flow(1);
    assert.deepEqual([flow?.host, flow?.application?.summary, flow?.state], ['api.example', 'GET /x', 'open']);
    assert.equal(capture.endsAt, 1005e6);
    assert.deepEqual(capture.warnings, []);
  });

  it('warns of what was sent again, out of order, and of what is missing', async () => {
    const capture = await load(
      pcap([
        { at: 1, sequence: 0, flags: TcpFlag.syn, text: '' },
        { at: 2, sequence: 1, text: 'one' },
        { at: 3, sequence: 1, text: 'one' },
        { at: 4, sequence: 104, text: 'after a hole' },
        { at: 5, sequence: 4, text: 'late' },
      ]),
    );
    assert.deepEqual(capture.warnings, [
      '96 B of payload are missing in the capture',
      'packets sent again: 1',
      'packets out of order: 1',
    ]);
    assert.deepEqual(capture.store.flow(1)?.segments, { retransmitted: 1, reordered: 1, overlapping: 0, lost: 96 });
  });

  it('shows what comes before the damage, and says where that is', async () => {
    const whole = pcap([
      { at: 1, sequence: 0, flags: TcpFlag.syn, text: '' },
      { at: 2, sequence: 1, text: 'one' },
    ]);
    const capture = await load(whole.subarray(0, -1));
    assert.equal(capture.store.size, 1);
    assert.match(capture.warnings.join(), /middle of a packet \(at byte 80\); only what comes before/);
  });

  it('keeps what was read until a cancel', async () => {
    const filling = Array.from({ length: 200 }, (_, i) => ({ at: i, sequence: 1 + i * 30_000, text: 'x'.repeat(30_000) })); // prettier-ignore
    const capture = await load(pcap(filling), (c) => c.cancel());
    assert.match(capture.warnings.join(), /Only the first 1\.0 MB were read/);
    assert.equal(capture.store.size, 1);
  });

  it('says why a file cannot be read', async () => {
    const capture = new LoadedCapture(path.join(folder, 'absent'), limits, t);
    await capture.load(() => {});
    assert.match(capture.warnings.join(), /cannot be read: ENOENT/);
    assert.match((await load(new TextEncoder().encode('no capture'))).warnings.join(), /neither pcap nor pcapng/);
  });
});
