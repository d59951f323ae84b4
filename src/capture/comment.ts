// The comment that pcapng.ts puts on a flow's first packet, read back.

export interface FlowComment {
  readonly pid: number;
  readonly process: string;
  readonly path: string;
  readonly host: string;
  readonly reason: string;
  readonly inbound: boolean;
}

/** Undefined where the comment is somebody else's. */
export function parseComment(text: string): FlowComment | undefined {
  const lines = new Map(
    text.split('\n').map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 2)] as const),
  );
  const process = /^(.*) \((\d{1,10})\)$/.exec(lines.get('process') ?? '');
  if (!process && !lines.has('reason') && !lines.has('state')) return undefined;
  return {
    pid: Number(process?.[2] ?? 0),
    process: process?.[1] ?? '',
    path: lines.get('path') ?? '',
    host: lines.get('host') ?? '',
    reason: (lines.get('reason') ?? '').split(' (', 1)[0]!,
    inbound: lines.get('direction') === 'inbound',
  };
}
