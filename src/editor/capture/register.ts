// The editor of capture files: the panel's page over a store that the file fills. Read-only.
import path from 'node:path';
import * as vscode from 'vscode';
import { customEditors } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { panelCommands } from '../panel/commands.ts';
import type { FlowDocuments } from '../panel/documents.ts';
import { connect, newSession } from '../panel/panel.ts';
import type { PanelSession } from '../panel/session.ts';
import { readSettings } from '../settings.ts';
import { LoadedCapture } from './document.ts';

/** A file that takes longer to read, in milliseconds, gets a notification with a cancel button. */
const quick = 1000;

class CaptureDocument implements vscode.CustomDocument {
  readonly uri: vscode.Uri;
  readonly capture: LoadedCapture;
  private readonly onDispose: () => void;

  constructor(uri: vscode.Uri, capture: LoadedCapture, onDispose: () => void) {
    this.uri = uri;
    this.capture = capture;
    this.onDispose = onDispose;
  }
  dispose(): void {
    this.capture.cancel();
    this.onDispose();
  }
}

export function registerCaptureEditor(app: App, documents: FlowDocuments): void {
  const provider: vscode.CustomReadonlyEditorProvider<CaptureDocument> = {
    openCustomDocument: (uri) => open(documents, uri),
    resolveCustomEditor: ({ uri, capture }, panel) => {
      const session: PanelSession = newSession(app, {
        store: capture.store,
        source: () => path.posix.basename(uri.path),
        progress: () => capture.progress,
        warnings: () => capture.warnings,
        endsAt: () => capture.endsAt,
        command: panelCommands(capture.store, documents, app.version, (query) => session.ask(query)),
      });
      connect(app, panel.webview, session);
      capture.onDidChange(() => session.changed());
      panel.onDidChangeViewState(() => panel.visible || session.hidden());
      panel.onDidDispose(() => session.dispose());
    },
  };
  app.own(
    vscode.window.registerCustomEditorProvider(customEditors.capture, provider, { supportsMultipleEditorsPerDocument: true }), // prettier-ignore
  );
}

function open(documents: FlowDocuments, uri: vscode.Uri): CaptureDocument {
  const { t } = vscode.l10n;
  if (uri.scheme !== 'file') throw new Error(t('Only files on disk can be opened as a capture; save this one first.'));
  const { maxFlows, bodyBudget } = readSettings();
  const capture = new LoadedCapture(uri.fsPath, { flows: maxFlows, bodyBytes: bodyBudget }, t);
  let report: (share: number) => void = () => {};
  const loaded = capture.load((share) => report(share));
  const timer = setTimeout(() => {
    const title = t('Reading {0}', path.posix.basename(uri.path));
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    void vscode.window.withProgress(options, (progress, cancel) => {
      let told = 0;
      report = (share) => {
        progress.report({ increment: 100 * (share - told) });
        told = share;
      };
      cancel.onCancellationRequested(() => capture.cancel());
      return loaded;
    });
  }, quick);
  void loaded.then(() => clearTimeout(timer));
  return new CaptureDocument(uri, capture, () => documents.forget(capture.store));
}
