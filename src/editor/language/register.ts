// Entitlements, Info.plist and the project around them: diagnostics, fixes and everything a language has.
import * as vscode from 'vscode';
import { internalCommands, settings } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import { registerSigning } from '../signing/register.ts';
import { Actions } from './actions.ts';
import { Diagnostics } from './diagnostics.ts';
import { registerFeatures } from './features.ts';
import { Language, projectSelector } from './language.ts';
import { registerNavigation } from './navigation.ts';
import { registerLanguageStatus } from './status.ts';

export function registerLanguage(app: App): void {
  const language = app.own(new Language());
  const diagnostics = app.own(new Diagnostics(app, language));
  for (const feature of registerFeatures(language)) app.own(feature);
  for (const feature of registerNavigation(language)) app.own(feature);
  app.own(
    vscode.languages.registerCodeActionsProvider(projectSelector, new Actions(language, diagnostics), Actions.metadata),
  );
  registerLanguageStatus(app, language, diagnostics);
  registerSigning(app, language, diagnostics);
  app.own(vscode.commands.registerCommand(internalCommands.allowKey, (key: unknown) => allowKey(key)));
  app.exposed.set('language', language);
  app.exposed.set('diagnostics', diagnostics);
}

async function allowKey(key: unknown): Promise<void> {
  if (typeof key !== 'string') return;
  const configuration = vscode.workspace.getConfiguration();
  const known = configuration.get<unknown>(settings.lintAllowedKeys);
  const keys = Array.isArray(known) ? known.filter((k) => typeof k === 'string') : [];
  const target = vscode.workspace.workspaceFolders
    ? vscode.ConfigurationTarget.Workspace
    : vscode.ConfigurationTarget.Global;
  await configuration.update(settings.lintAllowedKeys, [...new Set([...keys, key])], target);
}
