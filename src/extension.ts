// The entry of the extension: builds the app, and takes it down again.
import { type ExtensionContext, ExtensionMode } from 'vscode';
import { App } from './editor/app.ts';
import { features } from './editor/features.ts';

export function activate(context: ExtensionContext): Promise<App> | undefined {
  const started = performance.now();
  const app = new App(context);
  context.subscriptions.push(app);
  for (const register of features) register(app);
  app.log.info(`Flowtap ${app.version} activated in ${(performance.now() - started).toFixed(1)} ms`);
  // Tests of the extension host drive the app; nobody else gets hold of it.
  return context.extensionMode === ExtensionMode.Test ? app.settled().then(() => app) : undefined;
}
