import { Option } from 'commander';
import { exportFormats } from '../../capture/export.ts';
import { CaptureLoad, type LoadResult } from '../../capture/load.ts';
import type { Flow } from '../../flow/model.ts';
import { FlowStore } from '../../flow/store.ts';
import { bytesText } from '../../flow/text.ts';
import { payloadCodec } from '../../node/payloadCodec.ts';
import { readCapture } from '../../node/readCapture.ts';
import type { CliCommand } from '../command.ts';
import { say, type Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { filterOf } from '../filter.ts';
import { Progress } from '../progress.ts';
import { checkWritable, formatOf, saveFlows } from '../save.ts';

/** Of arguments that cannot be understood and of input that cannot be read; 1 is for output that cannot be written. */
const unusable = 2;
const notWritten = 1;
/** What is held of the capture's payload at the most; behind it the oldest goes, which is said. */
const limits = { bodyBytes: 1 << 30 };
/** Of one direction of a flow. */
const bodyLimit = 16 << 20;

interface ExportOptions {
  readonly to?: string;
  readonly output: string;
  readonly filter?: string;
}

export const exportCapture: CliCommand = {
  register: (program, context, exit) =>
    program
      .command('export')
      .description('convert a capture')
      .argument('<file>', 'a pcapng or pcap file')
      .addOption(
        new Option('--to <format>', 'what to write; without it the ending of OUT tells').choices(
          exportFormats.map((f) => f.id),
        ),
      )
      .requiredOption('-o, --output <out>', 'the file to write; what is there is replaced once the new one is whole')
      .option('--filter <query>', 'only the flows that match (docs/query.md)')
      .addHelpText(
        'after',
        `
Exit status: 0, 1 where OUT cannot be written, 2 where FILE or the arguments cannot be used, 130 where Ctrl-C ended
it, which leaves OUT as it was. Of a file that is
damaged or cut off, what comes before that place is written; the status is 2 nevertheless.

What had to be left out is told on standard error. Of each direction of a flow the first ${bytesText(bodyLimit)} of payload
are kept.`,
      )
      .action(async (file: string, options: ExportOptions) => exit(await convert(context, file, options))),
};

async function convert(context: Context, file: string, options: ExportOptions): Promise<number> {
  const progress = new Progress(context);
  try {
    return await work(context, file, options, progress);
  } finally {
    progress.end();
  }
}

async function work(context: Context, file: string, options: ExportOptions, progress: Progress): Promise<number> {
  const format = formatOf(options.output, options.to, unusable);
  const matches = await filterOf(options.filter, unusable);
  await checkWritable(options.output, notWritten);
  const store = new FlowStore(limits, { schedule: () => {}, codec: payloadCodec });
  const result = await readCapture(file, new CaptureLoad(store, { bodyLimit }), (read, size) =>
    progress.tell(`reading ${file}:`, read / size),
  ).catch((error: unknown) => {
    throw new Failure(unusable, `cannot read ${file}: ${(error as Error).message}`);
  });
  if (progress.stopped !== undefined) return progress.stopped;
  const { error } = result;
  if (error && result.packets === 0)
    throw new Failure(unusable, `${file}: ${error.message}.`, 'Give a pcapng or pcap file.');
  const flows: Flow[] = [];
  for (let id = store.first; id < store.end; id++) {
    const flow = store.flow(id);
    if (flow && matches(flow)) flows.push(flow);
  }
  // How long the file becomes is not known; it is about as much as there is payload.
  const size = flows.reduce((sum, f) => sum + Math.min(f.bytesUp, bodyLimit) + Math.min(f.bytesDown, bodyLimit), 1);
  const onPiece = (bytes: number): boolean => progress.tell(`writing ${options.output}:`, Math.min(0.99, bytes / size));
  const saved = { version: context.version, status: notWritten, onPiece };
  if (!(await saveFlows(options.output, format, flows, store, saved))) return progress.stopped ?? notWritten;
  progress.tell(`writing ${options.output}:`, 1);
  for (const note of notes(store, result)) say(context, `${file}: ${note}`);
  if (error) say(context, `${file}: ${error.message}. Only what comes before it was converted.`);
  return error ? unusable : 0;
}

/** What of the file is not in the output. */
function notes(store: FlowStore, { passed, streams }: LoadResult): string[] {
  const { flows, bodyBytes } = store.evicted;
  const skipped = Object.entries(passed).map(([why, count]) => `${count} (${why})`);
  return [
    skipped.length > 0 ? `packets that are no TCP or UDP payload were passed over: ${skipped.join(', ')}` : '',
    streams.lost > 0 ? `${bytesText(streams.lost)} of TCP payload are missing in the capture` : '',
    flows > 0 ? `the oldest ${flows} flows were left out: there are too many` : '',
    bodyBytes > 0 ? `${bytesText(bodyBytes)} of the oldest payload were left out: it is too much` : '',
  ].filter(Boolean);
}
