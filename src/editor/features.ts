// What the extension consists of, in the order in which it is set up. Each is one folder.
import type { Feature } from './app.ts';
import { registerDissection } from './dissection/register.ts';
import { registerEndpoints } from './endpoints/register.ts';
import { registerProxy } from './proxy/register.ts';
import { registerSidebar } from './sidebar/register.ts';
import { registerStatus } from './status/register.ts';
import { registerTerminal } from './terminal/register.ts';

/** A bundle of its own (esbuild.mjs): the rules and parsers of projects are larger than all the rest. */
const registerLanguage: Feature = (app) =>
  app.later(async () => (await import('./language/register.ts')).registerLanguage(app));

/** Exports and dissectors: a bundle of its own too. */
const registerPanel: Feature = (app) => app.later(async () => (await import('./panel/register.ts')).registerPanel(app));

export const features: readonly Feature[] = [
  registerDissection,
  registerProxy,
  registerEndpoints,
  registerSidebar,
  registerPanel,
  registerStatus,
  registerTerminal,
  registerLanguage,
];
