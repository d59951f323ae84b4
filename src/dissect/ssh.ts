// The identification strings of SSH (RFC 4253 section 4.2).
import { ByteQueue, latin1Text } from './bytes.ts';
import type { Application, Direction, Dissection, Dissector, FlowStart, Message, Verdict } from './dissection.ts';
import { takeLine } from './httpBody.ts';

const maxLine = 255;

class Ssh implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  application: Application = { protocol: 'ssh', summary: '' };
  private readonly queues: Partial<Record<Direction, ByteQueue>> = { up: new ByteQueue(), down: new ByteQueue() };

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    const queue = this.queues[direction];
    if (!queue) return;
    queue.push(bytes);
    // A server may send other lines first.
    for (let line = takeLine(queue); line !== undefined; line = takeLine(queue)) {
      if (!line.startsWith('SSH-')) continue;
      delete this.queues[direction];
      this.messages.push({
        kind: 'handshake',
        at,
        direction,
        title: direction === 'up' ? 'Client' : 'Server',
        fields: [['Identification', line]],
      });
      const software = this.messages.map((m) =>
        m.kind === 'handshake' ? m.fields[0]![1].replace(/^SSH-[^-]*-/, '') : '',
      );
      this.application = { protocol: 'ssh', summary: software.join(' / ') };
      return;
    }
    if (queue.length > 64 * maxLine) delete this.queues[direction];
  }
  gap(direction: Direction): void {
    delete this.queues[direction];
  }
  end(): void {}
}

function recognise({ transport, up, down }: FlowStart): Verdict {
  if (transport !== 'tcp') return 'no';
  const starts = [up, down].filter((b) => b.length > 0).map((b) => latin1Text(b.subarray(0, 4)));
  if (starts.length === 0) return 'more';
  if (starts.some((s) => s === 'SSH-')) return 'yes';
  return starts.some((s) => 'SSH-'.startsWith(s)) ? 'more' : 'no';
}

export const ssh: Dissector = { protocol: 'ssh', recognise, begin: () => new Ssh() };
