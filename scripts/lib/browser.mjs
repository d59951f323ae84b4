// Chromium for the tests, driven by playwright-core. The page may talk to the workbench and to nothing else.
import { chromium } from 'playwright-core';
import { findBrowser } from './setup/tools.mjs';

const options = ['--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--no-first-run'];
// It must not call its maker's services.
options.push('--disable-background-networking', '--disable-component-update', '--disable-sync');
// Without WebGL the terminal's text is in the page, where tests can read it.
options.push('--disable-3d-apis');

export async function launchBrowser(env = process.env) {
  return chromium.launch({
    executablePath: findBrowser(),
    env,
    args: process.getuid?.() === 0 ? [...options, '--no-sandbox'] : options,
  });
}

/** A page of a new context whose requests to other hosts are refused; `refused` has their URLs. */
export async function openPage(browser, host, { width = 1400, height = 900, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, ...more });
  const refused = [];
  await context.route(
    (url) => url.protocol.startsWith('http') && url.host !== host,
    (route) => {
      refused.push(route.request().url());
      return route.abort();
    },
  );
  return { context, page: await context.newPage(), refused };
}
