// What the extension consists of, in the order in which it is set up. Each is one folder.
import type { Feature } from './app.ts';
import { registerDissection } from './dissection/register.ts';
import { registerLanguage } from './language/register.ts';
import { registerProxy } from './proxy/register.ts';
import { registerSidebar } from './sidebar/register.ts';
import { registerStatus } from './status/register.ts';
import { registerTerminal } from './terminal/register.ts';

export const features: readonly Feature[] = [
  registerDissection,
  registerProxy,
  registerSidebar,
  registerStatus,
  registerTerminal,
  registerLanguage,
];
