// npm start: sets up what is missing and opens VS Code with Flowtap and a captured terminal. Written with
// built-ins only, since the first run has no node_modules.
import { existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { desktopCode, runDesktop } from './lib/desktop.mjs';
import { newFamily } from './lib/family.mjs';
import { end, isEnding } from './lib/lifetime.mjs';
import { openInBrowser } from './lib/open-in-browser.mjs';
import { devDir, root, sampleDir } from './lib/paths.mjs';
import { startSample } from './lib/sample.mjs';
import { homeSettings, startWorkbench } from './lib/workbench.mjs';
import { setUpAll } from './setup.mjs';

const usage = `npm start -- [options]

Opens VS Code with Flowtap loaded from this folder, the sample workspace, and a terminal whose programs are captured.
VS Code is \`code\` where it is on PATH, otherwise the workbench from npm, in a browser. Ctrl-C ends all of it.

  --browser        the workbench from npm even where \`code\` is on PATH
  --code COMMAND   another VS Code than \`code\`
  --folder DIR     the folder to open (default: sample)
  --port N         the port of the workbench (default: a free one)
  --fresh          forget the settings and windows of earlier runs
  --no-open        print the URL only; do not open the browser
  --help           this text
`;

function options() {
  const { values } = parseArgs({
    options: {
      browser: { type: 'boolean', default: false },
      code: { type: 'string' },
      folder: { type: 'string', default: sampleDir },
      port: { type: 'string', default: '0' },
      fresh: { type: 'boolean', default: false },
      'no-open': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${values.port}: a number from 0 to 65535 is wanted`);
  // npm runs scripts in the package's folder; what the user typed is relative to theirs.
  const folder = path.resolve(process.env.INIT_CWD ?? process.cwd(), values.folder);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(`--folder ${folder}: there is no such folder`);
  return { ...values, port, folder };
}

async function main() {
  const wanted = options();
  if (wanted.help) {
    process.stdout.write(usage);
    return end(0);
  }
  const desktop = wanted.browser ? undefined : desktopCode(wanted.code, (why) => console.log(why));
  await setUpAll(['bundles', 'native', ...(desktop ? [] : ['workbench'])]);

  const family = newFamily();
  const sample = wanted.folder === sampleDir ? await startSample(family) : undefined;
  if (sample) console.log(`The sample's server answers at ${sample}`);
  const profileDir = path.join(devDir, desktop ? 'desktop' : 'workbench');
  if (wanted.fresh) rmSync(profileDir, { recursive: true, force: true });
  const settings = { 'flowtap.openCapturedTerminalOnStartup': true };
  const common = { family, profileDir, link: root, env: sample && { SAMPLE_URL: sample } };

  if (desktop) {
    console.log('Opening VS Code. Closing its window, or Ctrl-C here, ends all of it.');
    return end(await runDesktop({ ...common, settings, command: desktop, folder: wanted.folder }));
  }
  const workbench = await startWorkbench({
    ...common,
    settings: { ...settings, ...homeSettings() },
    port: wanted.port,
  });
  const url = workbench.url({ folder: wanted.folder });
  console.log(`\nVS Code with Flowtap is at\n\n    ${url}\n`);
  if (sample) console.log(`In its captured terminal, type: curl ${sample}/ok`);
  console.log('Ctrl-C ends it.');
  if (!wanted['no-open'] && process.stdout.isTTY) openInBrowser(url);
  const code = await workbench.exited;
  if (!isEnding()) console.error(`the workbench ended (${code}):\n${workbench.log()}`);
  return end(1);
}

main().catch((e) => {
  console.error(`npm start: ${e.message}`);
  void end(1);
});
