// The comment that pcapng.ts puts on a flow's first packet, read back.

export interface FlowComment {
  readonly pid: number;
  readonly process: string;
  readonly path: string;
  /** The arguments, joined by spaces. */
  readonly command: string;
  readonly host: string;
  readonly reason: string;
  readonly errorText: string;
  readonly rule: string;
  readonly inbound: boolean;
}

/** Undefined where the comment is somebody else's. */
export function parseComment(text: string): FlowComment | undefined {
  const lines = new Map(
    text.split('\n').map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 2)] as const),
  );
  const process = /^(.*) \((\d{1,10})\)$/.exec(lines.get('process') ?? '');
  const ended = /^([^(]*?)(?: \((.*)\))?$/.exec(lines.get('reason') ?? '');
  if (!process && !lines.has('reason') && !lines.has('state')) return undefined;
  return {
    pid: Number(process?.[2] ?? 0),
    process: process?.[1] ?? '',
    path: lines.get('path') ?? '',
    command: lines.get('command') ?? '',
    host: lines.get('host') ?? '',
    reason: ended?.[1] ?? '',
    errorText: ended?.[2] ?? '',
    rule: lines.get('rule') ?? '',
    inbound: lines.get('direction') === 'inbound',
  };
}
