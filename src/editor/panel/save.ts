// "Save flows…": the format follows the name.
import * as vscode from 'vscode';
import { exportFormats } from '../../capture/export.ts';
import type { Flow } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import type { FlowView } from '../../flow/view.ts';
import { bytesText } from '../../flow/text.ts';
import { nodeBase64, nodeCodecs } from '../../node/contentCodecs.ts';
import { writeWhole } from '../../node/writeFile.ts';

export async function saveFlows(store: FlowStore, flows: readonly Flow[], version: string): Promise<void> {
  const { t } = vscode.l10n;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: t('Save {0} flows', flows.length),
    filters: Object.fromEntries(exportFormats.map((f) => [f.title, [f.extension]])),
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, 'flows.pcapng') }),
  });
  if (!target) return;
  await saveTo(store, flows, target.fsPath, version);
}

/** All that the query of a view matches, also where it is still being answered. Undefined where the user gives up. */
export async function matchingFlows(store: FlowStore, view: FlowView): Promise<Flow[] | undefined> {
  const { t } = vscode.l10n;
  const { Notification } = vscode.ProgressLocation;
  const title = t('Finding the flows that match');
  const found =
    !view.searching ||
    (await vscode.window.withProgress({ location: Notification, title, cancellable: true }, (_, cancel) => {
      const cancelled = new Promise<boolean>((done) => void cancel.onCancellationRequested(() => done(false)));
      return Promise.race([view.found(), cancelled]);
    }));
  return found ? view.all().flatMap((id) => store.flow(id) ?? []) : undefined;
}

/** The part that needs no dialog. */
export async function saveTo(store: FlowStore, flows: readonly Flow[], file: string, version: string): Promise<void> {
  const { t } = vscode.l10n;
  const format = exportFormats.find((f) => file.toLowerCase().endsWith(`.${f.extension}`));
  if (!format)
    throw new Error(t('Name the file {0}: the ending tells the format.', exportFormats.map((f) => `….${f.extension}`).join(', '))); // prettier-ignore
  const pieces = format.write(flows, store, {
    creator: { name: 'Flowtap', version },
    decoders: nodeCodecs,
    base64: nodeBase64,
  });
  const saved = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: t('Saving {0} flows', flows.length), cancellable: true },
    (progress, cancel) =>
      writeWhole(file, pieces, (bytes) => {
        progress.report({ message: bytesText(bytes) });
        return !cancel.isCancellationRequested;
      }),
  );
  if (saved) vscode.window.setStatusBarMessage(t('Saved to {0}', file), 5000);
}

/** "Save body as…": bytes as they are. `missing`: how many more there were. */
export async function saveBytes(name: string, pieces: readonly Uint8Array[], missing: number): Promise<void> {
  const { t } = vscode.l10n;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: t('Save {0}', name),
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (!target) return;
  await writeWhole(target.fsPath, pieces);
  const saved = t('Saved to {0}', target.fsPath);
  if (missing > 0)
    void vscode.window.showWarningMessage(`${saved}. ${t('{0} are missing in it: they were not kept.', bytesText(missing))}`); // prettier-ignore
  else vscode.window.setStatusBarMessage(saved, 5000);
}
