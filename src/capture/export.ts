// The formats that flows are saved in: one row each. The editor and the command line offer what stands here.
import { flowToJson } from '../flow/json.ts';
import type { Flow } from '../flow/model.ts';
import { writeHar, type HarOptions } from './har.ts';
import { writePcapng } from './pcapng.ts';
import type { FlowSource } from './source.ts';

/** Of all formats, HAR wants most. */
export type ExportOptions = HarOptions;
export interface ExportFormat {
  readonly id: 'pcapng' | 'har' | 'jsonl';
  readonly title: string;
  readonly extension: string;
  /** The file in pieces. */
  readonly write: (flows: readonly Flow[], source: FlowSource, options: ExportOptions) => Iterable<Uint8Array | string>;
}

export const exportFormats: readonly ExportFormat[] = [
  {
    id: 'pcapng',
    title: 'Capture (pcapng)',
    extension: 'pcapng',
    write: (flows, source, { creator }) => writePcapng(flows, source, `${creator.name} ${creator.version}`),
  },
  { id: 'har', title: 'HTTP Archive', extension: 'har', write: writeHar },
  { id: 'jsonl', title: 'JSON lines', extension: 'jsonl', write: writeJsonLines },
];

function* writeJsonLines(flows: readonly Flow[]): Generator<string> {
  let text = '';
  for (const flow of flows) {
    text += `${JSON.stringify(flowToJson(flow))}\n`;
    if (text.length > 1 << 20) {
      yield text;
      text = '';
    }
  }
  yield text;
}
