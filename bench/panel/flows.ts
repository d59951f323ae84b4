// Flows as the wire brings them: frames of a proxy, ready to be sent. HTTP flows of 40 programs to 500 hosts; every
// twentieth is refused.
import { FlowClosed, FlowOpened, Protocol } from '../../gen/flow_pb.ts';
import { encodeProxyFrame } from '../../src/endpoint/framing.ts';

export interface Made {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly at: number;
}

export function openedFrame({ id, at }: Made): Uint8Array {
  const name = `program-${id % 40}`;
  return encodeProxyFrame({
    opened: FlowOpened.make({
      id,
      protocol: Protocol.tcp,
      process: { pid: 1000 + (id % 2000), name, path: `/usr/bin/${name}`, arguments: [], uid: 1000, ancestors: [], signingId: '', teamId: '' }, // prettier-ignore
      source: { address: Uint8Array.of(198, 18, 0, 2), port: 32_768 + (id % 28_000) },
      destination: { address: Uint8Array.of(203, 0, (id >> 8) & 15, id & 255), port: id % 3 ? 443 : 80 },
      host: `api-${id % 500}.service.example.com`,
      openedAt: at,
      capture: 'bench',
      connectedAt: at + 900,
    }),
  });
}

export function closedFrame({ id, at }: Made): Uint8Array {
  return encodeProxyFrame({
    closed: FlowClosed.make({
      id,
      reason: id % 20 ? 1 : 3,
      closedAt: at,
      bytesUp: 200 + (id % 1000),
      bytesDown: (id * 7) % 100_000,
      connectedAt: at - 1,
    }),
  });
}
