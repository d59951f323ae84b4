// One flow's payload through recognition, then through the protocol found, then through what that one hands over to.
import { Collected } from './bytes.ts';
import {
  type Application,
  type Direction,
  type Dissection,
  type Dissector,
  type FlowStart,
  type Message,
} from './dissection.ts';

/** Held for recognition per direction; no protocol here needs more to be told. */
const maxStart = 16 * 1024;
/** CONNECT in SOCKS in CONNECT ...: a bound on nesting. */
const maxLayers = 4;

const unknown: Application = { protocol: '', summary: '' };

type Event =
  | { readonly kind: 'data'; readonly direction: Direction; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: 'gap'; readonly direction: Direction; readonly length: number; readonly at: number }
  | { readonly kind: 'end'; readonly direction: Direction; readonly at: number };

/** Feeds a flow's payload, in order per direction, to whatever dissector recognises it. Never throws. */
export class FlowDissection implements Dissection {
  private readonly dissectors: readonly Dissector[];
  private readonly transport: 'tcp' | 'udp';
  private readonly serverPort: number;
  private held: Event[] = [];
  /** The first bytes of each direction; of UDP the first datagram. */
  private start = { up: new Collected(), down: new Collected() };
  private readonly layers: Dissection[] = [];
  private recognised = false;
  private readonly failures: string[] = [];

  constructor(dissectors: readonly Dissector[], transport: 'tcp' | 'udp', serverPort: number) {
    this.dissectors = dissectors;
    this.transport = transport;
    this.serverPort = serverPort;
  }

  get application(): Application {
    const inner = this.layers.at(-1)?.application;
    if (!inner || this.layers.length === 1) return inner ?? unknown;
    if (!inner.protocol) return this.layers.at(-2)!.application;
    // A WebSocket's own frames do not say where it goes: the request before it does.
    const outer = this.layers.slice(0, -1).map((l) => l.application);
    const host = inner.host ?? outer.findLast((a) => a.host)?.host;
    return { ...inner, ...(host && { host }) };
  }
  get messages(): readonly Message[] {
    return this.layers.length === 1 ? this.layers[0]!.messages : this.layers.flatMap((l) => l.messages);
  }
  get notes(): readonly string[] {
    return [...this.layers.flatMap((l) => l.notes), ...this.failures];
  }
  /** True once nothing more can be learned by feeding: nothing fits. */
  get hopeless(): boolean {
    return this.recognised && this.layers.length === 0;
  }

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    if (bytes.length > 0) this.feed({ kind: 'data', direction, bytes, at });
  }
  gap(direction: Direction, length: number, at: number): void {
    if (length > 0) this.feed({ kind: 'gap', direction, length, at });
  }
  end(direction: Direction, at: number): void {
    this.feed({ kind: 'end', direction, at });
  }

  private feed(event: Event): void {
    if (this.recognised) return this.pass(event);
    this.held.push(event);
    if (event.kind === 'data') {
      const start = this.start[event.direction];
      if (this.transport === 'tcp' || start.length === 0) start.push(event.bytes);
      this.recognise();
    } else if (event.kind === 'gap') this.settle(); // the start will not become longer
  }

  private recognise(): void {
    const start = this.flowStart();
    let waiting = false;
    for (const dissector of this.dissectors) {
      const verdict = dissector.recognise(start);
      if (verdict === 'yes') return this.begin(dissector, start);
      waiting ||= verdict === 'more';
    }
    if (!waiting || this.start.up.length > maxStart || this.start.down.length > maxStart) this.settle();
  }

  private flowStart(): FlowStart {
    return {
      transport: this.transport,
      up: this.start.up.bytes,
      down: this.start.down.bytes,
      serverPort: this.serverPort,
    };
  }

  private begin(dissector: Dissector, start: FlowStart): void {
    this.layers.push(dissector.begin(start));
    const held = this.held;
    this.settle();
    for (const event of held) this.pass(event);
  }
  /** No more is held. Where nothing fits the payload is shown as bytes only. */
  private settle(): void {
    this.recognised = true;
    this.held = [];
    this.start = { up: new Collected(), down: new Collected() };
  }

  private pass(event: Event): void {
    const layer = this.layers.at(-1);
    if (!layer) return;
    try {
      if (event.kind === 'data') layer.data(event.direction, event.bytes, event.at);
      else if (event.kind === 'gap') layer.gap(event.direction, event.length, event.at);
      else layer.end(event.direction, event.at);
      this.handOver(layer, event.at);
    } catch (error) {
      // A defect in one dissector must not take the view down; it is named where people see it.
      this.layers.pop();
      this.failures.push(
        `The ${layer.application.protocol} dissector failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private handOver(layer: Dissection, at: number): void {
    const next = layer.next;
    if (!next || this.layers.length >= maxLayers) return;
    const start: FlowStart = { transport: 'tcp', up: next.up, down: next.down, serverPort: this.serverPort };
    this.layers.push(next.dissector.begin(start));
    for (const direction of ['up', 'down'] as const)
      if (next[direction].length > 0) this.pass({ kind: 'data', direction, bytes: next[direction], at });
  }
}

/** Recognition as a dissector: what a tunnel carries. */
export function anyOf(dissectors: readonly Dissector[]): Dissector {
  return {
    protocol: '',
    recognise: () => 'no',
    begin: ({ transport, serverPort }) => new FlowDissection(dissectors, transport, serverPort),
  };
}
