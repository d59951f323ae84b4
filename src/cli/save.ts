// Flows into a file, in the format that is named or that the file's name tells. Loaded when something is saved.
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { exportFormats, type ExportFormat } from '../capture/export.ts';
import type { Flow } from '../flow/model.ts';
import type { FlowStore } from '../flow/store.ts';
import { nodeBase64, nodeCodecs } from '../node/contentCodecs.ts';
import { writeWhole } from '../node/writeFile.ts';
import { Failure } from './failure.ts';

/** By its id or by the ending of `file`; throws a Failure where neither tells one. */
export function formatOf(file: string, id: string | undefined, status: number): ExportFormat {
  const found = exportFormats.find((f) => (id ? f.id === id : file.toLowerCase().endsWith(`.${f.extension}`)));
  if (found) return found;
  const endings = exportFormats.map((f) => `.${f.extension}`).join(', ');
  throw new Failure(status, `${file}: the ending of the name tells the format.`, `Let it end in one of ${endings}.`);
}

/** Throws a Failure where the file could not be written, before the work that would be lost. */
export async function checkWritable(file: string, status: number): Promise<void> {
  try {
    await access(path.dirname(path.resolve(file)), constants.W_OK);
    const there = await stat(file).catch(() => undefined);
    if (there && !there.isFile()) throw new Error('it is there and no file');
  } catch (error) {
    throw cannotWrite(file, error, status);
  }
}

/** Whole or not at all: `onPiece` returns false to cancel, and false is the answer then. Throws a Failure. */
export async function saveFlows(
  file: string,
  format: ExportFormat,
  flows: readonly Flow[],
  store: FlowStore,
  options: { readonly version: string; readonly status: number; readonly onPiece?: (bytes: number) => boolean },
): Promise<boolean> {
  const creator = { name: 'Flowtap', version: options.version };
  try {
    return await writeWhole(
      file,
      format.write(flows, store, { creator, decoders: nodeCodecs, base64: nodeBase64 }),
      options.onPiece,
    );
  } catch (error) {
    throw cannotWrite(file, error, options.status);
  }
}

const cannotWrite = (file: string, error: unknown, status: number): Failure =>
  new Failure(status, `cannot write ${file}: ${(error as Error).message}`, 'Choose another file.');
