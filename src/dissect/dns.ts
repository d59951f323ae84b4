// DNS over UDP (one message per datagram) and over TCP (two-byte length prefix, RFC 7766).
import { ByteQueue } from './bytes.ts';
import {
  maxMessages,
  type Application,
  type Direction,
  type Dissection,
  type Dissector,
  type DnsMessage,
  type FlowStart,
  type Message,
  type Verdict,
} from './dissection.ts';
import { parseDns } from './dnsMessage.ts';

/** Characters of names in all messages together. */
const maxText = 4 << 20;

class Dns implements Dissection {
  readonly messages: Message[] = [];
  readonly notes: string[] = [];
  application: Application = { protocol: 'dns', summary: '' };
  private readonly framed: boolean;
  private readonly queues = { up: new ByteQueue(), down: new ByteQueue() };
  private text = 0;
  private readonly lost = { up: false, down: false };

  constructor(framed: boolean) {
    this.framed = framed;
  }

  data(direction: Direction, bytes: Uint8Array, at: number): void {
    if (!this.framed) return this.message(direction, bytes, at);
    if (this.lost[direction]) return;
    const queue = this.queues[direction];
    queue.push(bytes);
    for (;;) {
      const have = queue.peek();
      const length = have.length < 2 ? Infinity : (have[0]! << 8) | have[1]!;
      if (have.length < 2 + length) return;
      const message = have.slice(2, 2 + length);
      queue.consume(2 + length);
      this.message(direction, message, at);
    }
  }
  gap(direction: Direction): void {
    if (!this.framed || this.lost[direction]) return;
    this.lost[direction] = true;
    this.queues[direction].drain();
    this.note('Part of this direction was not captured; what follows cannot be read.');
  }
  end(): void {}

  private message(direction: Direction, bytes: Uint8Array, at: number): void {
    const dns = parseDns(bytes);
    if (!dns) return this.note('A message is not DNS.');
    if (dns.response) this.application = { ...this.application, ...answered(dns) };
    else if (this.messages.length === 0) this.application = { protocol: 'dns', summary: asked(dns), ...hostOf(dns) };
    this.text += [...dns.questions, ...dns.answers].reduce((sum, r) => sum + r.name.length, 0);
    if (this.messages.length < maxMessages && this.text <= maxText)
      this.messages.push({ kind: 'dns', at, direction, dns });
    else this.note(`Only the first ${this.messages.length} messages are shown.`);
  }
  private note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}

const asked = (dns: DnsMessage): string => dns.questions.map((q) => `${q.type} ${q.name}`).join(', ');
const hostOf = (dns: DnsMessage): { host?: string } => (dns.questions[0] ? { host: dns.questions[0].name } : {});

function answered(dns: DnsMessage): Partial<Application> {
  const wanted = dns.questions[0]?.type;
  const addresses = dns.answers.filter((a) => a.type === wanted).map((a) => a.data);
  const result = dns.code !== 'NOERROR' ? dns.code : addresses.length ? addresses.slice(0, 3).join(' ') : 'no answer';
  return { summary: `${asked(dns)} ${result}`, ...hostOf(dns), ...(dns.code !== 'NOERROR' && { failed: true }) };
}

/** A plausible header: a known opcode, no more records than could fit, and the first question parses. */
function plausible(bytes: Uint8Array): boolean {
  if (bytes.length < 12 || (bytes[2]! & 0x78) > 0x28 || (bytes[3]! & 0x40) !== 0) return false;
  const dns = parseDns(bytes);
  return dns !== undefined && dns.questions.length === ((bytes[4]! << 8) | bytes[5]!) && dns.questions.length === 1;
}

function recognise({ transport, up, down, serverPort }: FlowStart): Verdict {
  const dnsPort = serverPort === 53 || serverPort === 5353 || serverPort === 5355;
  const first = up.length > 0 ? up : down;
  if (first.length === 0) return 'more';
  if (transport === 'udp') return plausible(first) ? 'yes' : 'no';
  if (first.length < 2) return 'more';
  const length = (first[0]! << 8) | first[1]!;
  if (length < 17 || (!dnsPort && length > 1024)) return 'no';
  if (first.length >= 2 + length) return plausible(first.subarray(2, 2 + length)) ? 'yes' : 'no';
  // Opcode, counts: what a query's first bytes allow to be said before the message is whole.
  if (first.length >= 8 && ((first[4]! & 0x78) > 0x28 || first[6] !== 0 || first[7] !== 1)) return 'no';
  return 'more';
}

export const dns: Dissector = { protocol: 'dns', recognise, begin: ({ transport }) => new Dns(transport === 'tcp') };
