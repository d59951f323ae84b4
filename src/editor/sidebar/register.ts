// The sidebar: its tree and the commands on it.
import * as vscode from 'vscode';
import { commands, settings as settingIds } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { onDidChangeSettings, readSettings } from '../settings.ts';
import { registerCopying } from './copy.ts';
import { registerFiltering } from './filtering.ts';
import type { GroupingId } from './grouping.ts';
import { groupings, isGroupingId } from './grouping.ts';
import { defaultOptions } from './modelParts.ts';
import { ConnectionsView } from './view.ts';

/** The grouping chosen by hand, which outlives the window. */
const memory = 'flowtap.grouping';

export function registerSidebar(app: App): void {
  const { t } = vscode.l10n;
  const settings = readSettings();
  const remembered = app.context.workspaceState.get<string>(memory, '');
  const view = app.own(new ConnectionsView(app, { ...defaultOptions, keepClosed: settings.keepClosed }));
  app.exposed.set('connections', view);
  view.setGrouping(isGroupingId(remembered) ? remembered : settings.groupBy);

  const group = async (id: GroupingId): Promise<void> => {
    view.setGrouping(id);
    await app.context.workspaceState.update(memory, id);
  };
  app.command(commands.groupByProcess, () => group('process'));
  app.command(commands.groupByHost, () => group('host'));
  app.command(commands.groupByState, () => group('state'));
  app.command(commands.groupBy, async () => {
    const names: Record<GroupingId, string> = { process: t('Process'), host: t('Host'), state: t('State') };
    const items = Object.values(groupings).map(({ id }) => ({
      id,
      label: names[id],
      ...(id === view.model.options.grouping.id ? { description: t('now') } : {}),
    }));
    const choice = await vscode.window.showQuickPick(items, { title: t('Group connections by') });
    if (choice) await group(choice.id);
  });
  app.command(commands.clear, () => app.store.clear());
  registerFiltering(app, view);
  registerCopying(app, view);

  app.own(
    onDidChangeSettings([settingIds.groupBy, settingIds.keepClosed], () => {
      const { groupBy, keepClosed } = readSettings();
      view.configure({ keepClosed });
      if (groupBy !== settings.groupBy) void group(groupBy);
    }),
  );
}
