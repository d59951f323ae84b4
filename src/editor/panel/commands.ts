// What the panel's context menu does.
import * as vscode from 'vscode';
import { asCurl, asFetch } from '../../capture/curl.ts';
import { dissectFlow } from '../../dissect/feed.ts';
import type { HttpRequest } from '../../dissect/dissection.ts';
import { flowToJson } from '../../flow/json.ts';
import type { Flow } from '../../flow/model.ts';
import type { FlowStore } from '../../flow/store.ts';
import { bytesText } from '../../flow/text.ts';
import type { Requests } from '../../protocol/panel.ts';
import { endpointText, peerOf, targetText } from '../sidebar/text.ts';
import type { FlowDocuments } from './documents.ts';
import { saveBytes, saveFlows } from './save.ts';

const said = 3000; // milliseconds

/** `ask` puts a query into the bar of the panel that the command came from. */
export function panelCommands(
  store: FlowStore,
  documents: FlowDocuments,
  version: string,
  ask: (query: string) => void,
) {
  const { t } = vscode.l10n;
  const copy = async (text: string): Promise<void> => {
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(t('Copied: {0}', bytesText(text.length)), said);
  };
  const request = (flow: Flow): HttpRequest => {
    const found = dissectFlow(flow, store).messages.find((m) => m.kind === 'http');
    if (found?.kind === 'http' && found.request) return found.request;
    throw new Error(t('This flow holds no HTTP request.'));
  };

  return async ({ command, ids, message, side }: Requests['command']['params']): Promise<void> => {
    const flows = ids.flatMap((id) => store.flow(id) ?? []);
    const [flow] = flows;
    if (!flow) return;
    switch (command) {
      case 'copyAddress':
        return copy([...new Set(flows.map((f) => endpointText(peerOf(f))))].join('\n'));
      case 'copyText':
        return copy(flows.map(lineText).join('\n'));
      case 'copyJson':
        return copy(JSON.stringify(flows.length === 1 ? flowToJson(flow) : flows.map(flowToJson), undefined, 2));
      case 'copyCurl':
        return copy(asCurl(flow, request(flow)));
      case 'copyFetch':
        return copy(asFetch(flow, request(flow)));
      case 'filterProcess':
        return ask(flow.process.pid ? `pid:${flow.process.pid}` : `process=${JSON.stringify(flow.process.name)}`);
      case 'filterHost':
        return ask(`host=${JSON.stringify(flow.host || flow.destination.address)}`);
      case 'compare':
        return compare(store, documents, flow, flows[1]);
      case 'save':
        return saveFlows(store, flows, version);
      case 'openBody':
        return documents.openBody(store, flow, message ?? 0, side ?? 'response');
      case 'saveBody':
      case 'saveBodyRaw': {
        const body = documents.body(store, flow.id, message ?? 0, side ?? 'response', command === 'saveBodyRaw');
        return saveBytes(body.name, [body.bytes], body.missing);
      }
      case 'saveSent':
      case 'saveReceived': {
        const direction = command === 'saveSent' ? 'up' : 'down';
        const { chunks } = store.body(flow.id, direction);
        const held = chunks.reduce((sum, c) => sum + c.bytes.length, 0);
        const total = direction === 'up' ? flow.bytesUp : flow.bytesDown;
        return saveBytes(`flow-${flow.id}-${direction}.bin`, chunks.map((c) => c.bytes), total - held); // prettier-ignore
      }
      case 'movePanel':
      case 'captureTerminal':
        return; // of the panel, not of flows
    }
  };
}

/** As a row of the table, for a spreadsheet. */
const lineText = (flow: Flow): string => {
  const { process, application, bytesUp, bytesDown } = flow;
  const what = [application?.protocol ?? flow.protocol, application?.summary ?? '', flow.reason ?? flow.state];
  return [process.name, process.pid, targetText(flow), ...what, bytesUp, bytesDown].join('\t');
};

/** Two flows in the diff editor; with one, the other is picked. */
async function compare(store: FlowStore, documents: FlowDocuments, left: Flow, other: Flow | undefined): Promise<void> {
  const right = other ?? (await pick(store, left));
  if (!right) return;
  const [a, b] = [documents.flowUri(store, left), documents.flowUri(store, right)];
  await vscode.commands.executeCommand('vscode.diff', a, b, `${targetText(left)} ↔ ${targetText(right)}`);
}

const maxPicks = 500;

async function pick(store: FlowStore, than: Flow): Promise<Flow | undefined> {
  const { t } = vscode.l10n;
  const items: (vscode.QuickPickItem & { flow: Flow })[] = [];
  for (let id = store.end - 1; id >= store.first && items.length < maxPicks; id--) {
    const flow = store.flow(id);
    if (flow && flow.id !== than.id)
      items.push({
        flow,
        label: `${flow.process.name} → ${targetText(flow)}`,
        description: flow.application?.summary ?? '',
      });
  }
  const title = t('Compare {0} with', targetText(than));
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.flow;
}
