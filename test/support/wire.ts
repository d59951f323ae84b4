// Frames of a proxy, for tests that feed a store without a connection.
import { ProxyFrame, type FlowClosed, type FlowCounters, type FlowData, type FlowOpened } from '../../gen/flow_pb.ts';
import * as pb from '../../gen/flow_pb.ts';

export const frameOf = (frame: Partial<ProxyFrame>): Uint8Array => ProxyFrame.encode(frame).finish();

export const opened = (part: Partial<FlowOpened>): Uint8Array =>
  frameOf({ opened: pb.FlowOpened.make({ protocol: pb.Protocol.tcp, openedAt: 1_700_000_000_000_000, ...part }) });
export const data = (
  id: number,
  direction: 'up' | 'down',
  offset: number,
  bytes: Uint8Array,
  part: Partial<FlowData> = {},
): Uint8Array =>
  frameOf({ data: pb.FlowData.make({ id, direction: pb.Direction[direction], offset, bytes, ...part }) });
export const counters = (part: Partial<FlowCounters>): Uint8Array => frameOf({ counters: pb.FlowCounters.make(part) });
export const closed = (part: Partial<FlowClosed>): Uint8Array =>
  frameOf({ closed: pb.FlowClosed.make({ reason: pb.CloseReason.eof, closedAt: 1_700_000_001_000_000, ...part }) });
export const dropped = (frames: number, bytes: number): Uint8Array => frameOf({ dropped: { frames, bytes } });
export const snapshotBegin = (resync = false): Uint8Array => frameOf({ snapshotBegin: { flows: 0, resync } });
export const snapshotEnd = (): Uint8Array => frameOf({ snapshotEnd: {} });
