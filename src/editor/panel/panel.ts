// The webview panel: its page, its session, and what it needs of the editor.
import * as vscode from 'vscode';
import type { FlowId } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import { nodeCodecs } from '../../node/contentCodecs.ts';
import type { Requests, ToHost } from '../../protocol/panel.ts';
import type { App } from '../app.ts';
import { PanelSession } from './session.ts';

export interface Shown {
  readonly store: FlowStore;
  readonly source: () => string;
  readonly progress: () => number | undefined;
  /** What else the page should warn of. */
  readonly warnings?: () => readonly string[];
  /** Microseconds: the last moment of what is shown, where it is over. */
  readonly endsAt?: () => number;
  readonly command: (params: Requests['command']['params']) => Promise<void>;
}

/** Gives a webview its page and answers it until it is disposed. Used by the panel and by the editor of captures. */
export function attach(app: App, webview: vscode.Webview, shown: Shown): PanelSession {
  const folder = vscode.Uri.joinPath(app.context.extensionUri, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [folder] };
  const session = new PanelSession(shown.store, {
    ...shown,
    now: shown.endsAt ?? (() => Date.now() * 1000),
    post: (message) => void webview.postMessage(message),
    decoders: nodeCodecs,
    t: vscode.l10n.t,
  });
  webview.onDidReceiveMessage((message: ToHost) => void session.receive(message));
  webview.html = page(webview, folder);
  return session;
}

/** No inline script or style; nothing from the network; images only as bytes that the page was given. */
function page(webview: vscode.Webview, folder: vscode.Uri): string {
  const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const { cspSource } = webview;
  const policy = `default-src 'none'; script-src ${cspSource}; style-src ${cspSource}; font-src ${cspSource}; img-src blob:`;
  return `<!doctype html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flowtap</title>
<link rel="stylesheet" href="${uri('panel.css')}">
</head>
<body data-strings="${attribute(JSON.stringify(vscode.l10n.bundle ?? {}))}">
<script src="${uri('panel.js')}"></script>
</body>
</html>`;
}

const attribute = (text: string): string => text.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);

export const panelType = 'flowtap.panel';

/** There is one panel of the live flows; asking again shows it. */
export class FlowPanel implements vscode.Disposable {
  private readonly app: App;
  private readonly shown: Shown;
  private panel: vscode.WebviewPanel | undefined;
  private session: PanelSession | undefined;

  constructor(app: App, shown: Shown) {
    this.app = app;
    this.shown = shown;
  }

  open(): PanelSession {
    if (this.panel && this.session) this.panel.reveal();
    else this.adopt(vscode.window.createWebviewPanel(panelType, vscode.l10n.t('Flows'), vscode.ViewColumn.Active));
    return this.session!;
  }
  reveal(id: FlowId): void {
    this.open().reveal(id);
  }
  /** Also takes over a panel that VS Code restored after a reload. */
  adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    panel.iconPath = new vscode.ThemeIcon('list-flat');
    const session = attach(this.app, panel.webview, this.shown);
    this.session = session;
    panel.onDidDispose(() => {
      session.dispose();
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.session = undefined;
    });
  }
  dispose(): void {
    this.panel?.dispose();
  }
}
