// Copies connections to the clipboard.
import * as vscode from 'vscode';
import { flowToJson } from '../../flow/json.ts';
import type { Flow } from '../../flow/model.ts';
import type { CommandId } from '../../protocol/ids.ts';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { Element } from './elements.ts';
import { flowLine } from './present.ts';
import { flowsOf } from './targets.ts';
import { endpointText, peerOf } from './text.ts';
import type { ConnectionsView } from './view.ts';

const said = 3000; // milliseconds

export function registerCopying(app: App, view: ConnectionsView): void {
  const { t } = vscode.l10n;
  const copying = (id: CommandId, text: (flows: readonly Flow[]) => string): void =>
    app.command(id, async (element?: Element, elements?: readonly Element[]) => {
      const flows = flowsOf(elements ?? (element ? [element] : view.tree.selection));
      if (flows.length === 0) return;
      await vscode.env.clipboard.writeText(text(flows));
      vscode.window.setStatusBarMessage(t('Connections copied: {0}', flows.length), said);
    });
  const lines = (of: (flow: Flow) => string) => (flows: readonly Flow[]) => [...new Set(flows.map(of))].join('\n');
  copying(
    commands.copyAddress,
    lines((flow) => endpointText(peerOf(flow))),
  );
  copying(
    commands.copyHost,
    lines((flow) => flow.host),
  );
  copying(
    commands.copyAsText,
    lines((flow) => flowLine(flow, t)),
  );
  copying(commands.copyAsJson, (flows) =>
    JSON.stringify(flows.length === 1 ? flowToJson(flows[0]!) : flows.map(flowToJson), null, 2),
  );
}
