// The panel of all flows: commands, the page that VS Code restores after a reload, documents of flows.
import * as vscode from 'vscode';
import { commands, views } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { Element } from '../sidebar/elements.ts';
import { flowsOf } from '../sidebar/targets.ts';
import { registerCaptureEditor } from '../capture/register.ts';
import { panelCommands } from './commands.ts';
import { FlowDocuments } from './documents.ts';
import { FlowPanel, panelType } from './panel.ts';
import { matchingFlows, saveFlows } from './save.ts';

export function registerPanel(app: App): void {
  const { t } = vscode.l10n;
  const documents = app.own(new FlowDocuments());
  const panel: FlowPanel = app.own(
    new FlowPanel(app, {
      store: app.store,
      source: () => t('Flows'),
      progress: () => undefined,
      command: (params) => command(params),
    }),
  );
  const ofFlows = panelCommands(app.store, documents, app.version, (query) => panel.open().ask(query));
  const command: typeof ofFlows = async (params) => {
    if (params.command === 'movePanel') await panel.move(panel.place === 'panel' ? 'editor' : 'panel');
    else if (params.command === 'captureTerminal') await vscode.commands.executeCommand(commands.newCapturedTerminal);
    else await ofFlows(params);
  };
  app.own(vscode.window.registerWebviewViewProvider(views.flows, panel));
  app.command(commands.moveFlowsToPanel, () => panel.move('panel'));
  app.command(commands.moveFlowsToEditor, () => panel.move('editor'));
  app.exposed.set('panel', panel);
  app.exposed.set('documents', documents);
  registerCaptureEditor(app, documents);
  app.command(commands.openPanel, () => void panel.open());
  app.command(commands.revealInPanel, (element?: Element) => {
    const [flow] = element ? flowsOf([element]) : [];
    if (flow) panel.reveal(flow.id);
    else panel.open();
  });
  app.command(commands.saveFlows, async () => {
    const flows = await matchingFlows(app.store, panel.open().view);
    if (flows) await saveFlows(app.store, flows, app.version);
  });
  app.own(
    vscode.window.registerWebviewPanelSerializer(panelType, {
      deserializeWebviewPanel: (restored) => {
        panel.adopt(restored);
        return Promise.resolve();
      },
    }),
  );
}
