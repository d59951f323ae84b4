// A flow as plain text, for the diff editor. Imports no vscode.
import { utf8Text } from '../../dissect/bytes.ts';
import { decodeContent } from '../../dissect/content.ts';
import type { HttpMessage, Message } from '../../dissect/dissection.ts';
import { nodeCodecs } from '../../node/contentCodecs.ts';

const maxBody = 1 << 20;

/** `facts` come first: what the table says of the flow. */
export function flowText(messages: readonly Message[], facts: string): string {
  return [facts, ...messages.flatMap(messageText)].join('\n\n') + '\n';
}

function messageText(m: Message): string[] {
  switch (m.kind) {
    case 'http': {
      const { request, response } = m;
      return [
        ...(request ? [httpText(`${request.method} ${request.target} ${request.version}`, request)] : []),
        ...(response ? [httpText(`${response.version} ${response.status} ${response.statusText}`, response)] : []),
      ];
    }
    case 'frame':
      return [`${m.direction} ${m.type}\n${m.text ?? utf8Text(m.body.bytes)}`];
    case 'dns':
      return [
        [
          `${m.direction} DNS ${m.dns.code}`,
          ...m.dns.questions.map((q) => `? ${q.type} ${q.name}`),
          ...m.dns.answers.map((a) => `${a.type} ${a.name} ${a.ttl} ${a.data}`),
        ].join('\n'),
      ];
    case 'handshake':
      return [[`${m.direction} ${m.title}`, ...m.fields.map(([n, v]) => `${n}: ${v}`)].join('\n')];
  }
}

function httpText(start: string, message: HttpMessage): string {
  const { bytes } = decodeContent(message.body, nodeCodecs);
  const head = [start.trim(), ...message.headers.map(([n, v]) => `${n}: ${v}`)].join('\n');
  return bytes.length > 0 ? `${head}\n\n${utf8Text(bytes.subarray(0, maxBody))}` : head;
}
