// The panel of flows: its page, its session, and where it is shown.
import * as vscode from 'vscode';
import type { FlowId } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import { nodeCodecs } from '../../node/contentCodecs.ts';
import { contextKeys, views } from '../../protocol/ids.ts';
import type { PanelPlace, Requests, ToHost } from '../../protocol/panel.ts';
import type { App } from '../app.ts';
import { readSettings } from '../settings.ts';
import { PanelSession } from './session.ts';

export interface Shown {
  readonly store: FlowStore;
  readonly source: () => string;
  readonly progress: () => number | undefined;
  /** What else the page should warn of. */
  readonly warnings?: () => readonly string[];
  /** Microseconds: the last moment of what is shown, where it is over. */
  readonly endsAt?: () => number;
  /** Of live flows: so many bytes of each direction are kept. */
  readonly bodyLimit?: () => number;
  readonly command: (params: Requests['command']['params']) => Promise<void>;
  /** Default: the editor of a file, which remembers its columns. */
  readonly place?: () => PanelPlace;
  readonly remembered?: () => unknown;
  readonly remember?: (state: unknown) => void;
}

/** A conversation about what is shown; `connect` gives it a page. Used by the panel and by the editor of captures. */
export function newSession(app: App, shown: Shown): PanelSession {
  const kept = app.context.globalState;
  return new PanelSession(shown.store, {
    place: () => 'file',
    remembered: () => kept.get(layoutKey),
    remember: (state) => void kept.update(layoutKey, layoutOf(state)),
    ...shown,
    // What fails is told where all failures are told.
    command: (params) => shown.command(params).catch((error: unknown) => void app.fail(error)),
    now: shown.endsAt ?? (() => Date.now() * 1000),
    decoders: nodeCodecs,
    t: vscode.l10n.t,
  });
}

/** Columns are the same in every panel; the rest of what a page remembers is its own. */
const layoutKey = 'flowtap.panel.layout';
const layoutOf = (state: unknown): unknown => ({ layout: (state as { layout?: unknown } | undefined)?.layout });

/** Gives a webview the page of a session. */
export function connect(app: App, webview: vscode.Webview, session: PanelSession): vscode.Disposable {
  const folder = vscode.Uri.joinPath(app.context.extensionUri, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [folder] };
  session.attach((message) => void webview.postMessage(message));
  const listener = webview.onDidReceiveMessage((message: ToHost) => void session.receive(message));
  webview.html = page(webview, folder);
  return listener;
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

export const panelType = 'flowtapPanel';

type Place = 'editor' | 'panel';
const placeKey = 'flowtap.panel.place';
const stateKey = 'flowtap.panel.state';

/**
 * There is one panel of the live flows, in the editor area or at the bottom; asking again shows it. Its session goes
 * with it from the one place to the other, and what the page remembers too.
 */
export class FlowPanel implements vscode.Disposable, vscode.WebviewViewProvider {
  private readonly app: App;
  private readonly shown: Shown;
  private session: PanelSession | undefined;
  private panel: vscode.WebviewPanel | undefined;

  constructor(app: App, shown: Shown) {
    this.app = app;
    const { globalState, workspaceState } = app.context;
    this.shown = {
      ...shown,
      place: () => this.place,
      bodyLimit: () => readSettings().bodyLimit,
      remembered: () => ({ ...workspaceState.get<object>(stateKey), ...globalState.get<object>(layoutKey) }),
      remember: (state) => {
        void workspaceState.update(stateKey, state);
        void globalState.update(layoutKey, layoutOf(state));
      },
    };
    app.keys.set(contextKeys.flowsInPanel, this.place === 'panel');
  }

  get place(): Place {
    return this.app.context.globalState.get<Place>(placeKey) === 'panel' ? 'panel' : 'editor';
  }

  open(): PanelSession {
    if (this.place === 'panel') void vscode.commands.executeCommand(`${views.flows}.focus`);
    else if (this.panel) this.panel.reveal();
    else this.adopt(vscode.window.createWebviewPanel(panelType, vscode.l10n.t('Flows'), vscode.ViewColumn.Active));
    return this.conversation;
  }
  reveal(id: FlowId): void {
    this.open().reveal(id);
  }
  async move(to: Place): Promise<void> {
    if (to !== this.place) {
      await this.app.context.globalState.update(placeKey, to);
      this.app.keys.set(contextKeys.flowsInPanel, to === 'panel');
      const { panel } = this;
      this.panel = undefined; // so that the session stays
      panel?.dispose();
    }
    this.open();
  }

  /** Also takes over a panel that VS Code restored after a reload. */
  adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    panel.iconPath = new vscode.ThemeIcon('list-flat');
    const listener = connect(this.app, panel.webview, this.conversation);
    panel.onDidChangeViewState(() => panel.visible || this.session?.hidden());
    panel.onDidDispose(() => {
      listener.dispose();
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.end();
    });
  }
  resolveWebviewView(view: vscode.WebviewView): void {
    const listener = connect(this.app, view.webview, this.conversation);
    view.onDidChangeVisibility(() => view.visible || this.session?.hidden());
    view.onDidDispose(() => {
      listener.dispose();
      if (this.place === 'panel') this.end();
    });
  }

  dispose(): void {
    this.panel?.dispose();
    this.end();
  }

  private get conversation(): PanelSession {
    return (this.session ??= newSession(this.app, this.shown));
  }
  private end(): void {
    this.session?.dispose();
    this.session = undefined;
  }
}
