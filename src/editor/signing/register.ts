// What the project signs and which endpoints it has; and what lines of a log mean.
import type { App } from '../app.ts';
import type { Diagnostics } from '../language/diagnostics.ts';
import type { Language } from '../language/language.ts';
import { registerAddEndpoint } from './addEndpoint.ts';
import { registerExplain } from './explain.ts';
import { SigningView } from './view.ts';

export function registerSigning(app: App, language: Language, diagnostics: Diagnostics): void {
  const view = app.own(new SigningView(app, language, diagnostics));
  app.exposed.set('signing', view);
  registerAddEndpoint(app, language);
  registerExplain(app, language, diagnostics);
}
