// Flows and bodies as read-only documents: flowtap-flow:/<store>/<flow>/<what>. Bytes are made when they are read.
import * as vscode from 'vscode';
import { fileName } from '../../capture/fileName.ts';
import { decodeContent } from '../../dissect/content.ts';
import { dissectFlow } from '../../dissect/feed.ts';
import { flowToJson } from '../../flow/json.ts';
import type { Flow, FlowId } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import { nodeCodecs } from '../../node/contentCodecs.ts';
import { utf8Text } from '../../dissect/bytes.ts';
import { languageOf } from './detail.ts';
import { flowText } from './text.ts';

export const flowScheme = 'flowtap-flow';
const extensions: Readonly<Record<string, string>> = {
  json: 'json',
  html: 'html',
  xml: 'xml',
  javascript: 'js',
  css: 'css',
  form: 'txt',
};
const imageTypes = /^image\/(png|jpeg|gif|webp|bmp|avif)/i;

type Side = 'request' | 'response';
export interface NamedBody {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** Bytes that were not kept. */
  readonly missing: number;
}

function extensionOf(type: string, bytes: Uint8Array): string {
  const text = utf8Text(bytes.subarray(0, 1024));
  return (
    imageTypes.exec(type)?.[1] ?? extensions[languageOf(type, text) ?? ''] ?? (text.includes('\0') ? 'bin' : 'txt')
  );
}

export class FlowDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly stores: (FlowStore | undefined)[] = [];
  private readonly registration: vscode.Disposable;
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;

  constructor() {
    this.registration = vscode.workspace.registerFileSystemProvider(flowScheme, this, {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }
  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  flowUri(store: FlowStore, flow: Flow): vscode.Uri {
    return this.uri(store, flow.id, 'flow.txt');
  }

  async openBody(store: FlowStore, flow: Flow, message: number, side: Side): Promise<void> {
    const { name } = this.body(store, flow.id, message, side);
    await vscode.commands.executeCommand('vscode.open', this.uri(store, flow.id, `${side}-${message}/${name}`));
  }

  /** Nothing shows this store any more: its documents are gone, and its place is not used again. */
  forget(store: FlowStore): void {
    const index = this.stores.indexOf(store);
    if (index >= 0) this.stores[index] = undefined;
  }

  private uri(store: FlowStore, id: FlowId, name: string): vscode.Uri {
    let index = this.stores.indexOf(store);
    if (index < 0) index = this.stores.push(store) - 1;
    return vscode.Uri.from({ scheme: flowScheme, path: `/${index}/${id}/${name}` });
  }

  readFile(uri: vscode.Uri): Uint8Array {
    const [, store, id, name] = /^\/(\d+)\/(\d+)\/(.*)$/.exec(uri.path) ?? [];
    const found = this.stores[Number(store)];
    const flow = found?.flow(Number(id));
    if (!found || !flow || name === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const body = /^(request|response)-(\d+)\//.exec(name);
    if (body) return this.body(found, flow.id, Number(body[2]), body[1] as Side).bytes;
    return new TextEncoder().encode(
      flowText(dissectFlow(flow, found).messages, JSON.stringify(flowToJson(flow), undefined, 2)),
    );
  }

  /** A message's body and a name for its file. `raw`: as it was sent, its content coding still on. */
  body(store: FlowStore, id: FlowId, message: number, side: Side, raw = false): NamedBody {
    const flow = store.flow(id);
    const found = flow && dissectFlow(flow, store).messages[message];
    const body = found?.kind === 'http' ? found[side]?.body : found?.kind === 'frame' ? found.body : undefined;
    if (!body) throw vscode.FileSystemError.FileNotFound(vscode.l10n.t('The body is no longer held.'));
    const bytes = raw ? body.bytes : decodeContent(body, nodeCodecs).bytes;
    const target = found?.kind === 'http' ? (found.request?.target ?? '') : '';
    const name = fileName(target, `${side}-${message}`, extensionOf(body.contentType, bytes));
    const coding = raw && body.contentEncoding ? `.${body.contentEncoding.replace(/\W+/g, '.')}` : '';
    return { bytes, name: name + coding, missing: body.truncated ? Math.max(1, body.length - body.bytes.length) : 0 };
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: 0,
      size: this.readFile(uri).length,
      permissions: vscode.FilePermission.Readonly,
    };
  }
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {}); // what was captured does not change
  }
  readDirectory(): [string, vscode.FileType][] {
    return [];
  }
  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
}
