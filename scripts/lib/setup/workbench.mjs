// The VS Code workbench from npm (code-server), for `npm start` without VS Code and for the tests. Its packages'
// install scripts are not run (they would build much that is not needed); the three native modules that the
// server cannot do without (log files, parent watch, terminals) are built alone.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, userPath } from '../environment.mjs';
import { node24, nodePackageDir, workbenchDir } from '../paths.mjs';
import { run, runOrThrow } from '../run.mjs';
import { lastLine } from './last-line.mjs';
import { hashOf } from './stamp.mjs';

const modules = path.join(workbenchDir, 'node_modules');
const server = path.join(modules, 'code-server/lib/vscode');
const stampFile = path.join(modules, '.installed');
const natives = ['@vscode/spdlog', '@vscode/native-watchdog', 'node-pty'];
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
const current = () => hashOf(['tools/vscode-host/package-lock.json'], `${node24()} ${natives.join()} ${process.arch}`);

async function install(progress) {
  rmSync(modules, { recursive: true, force: true, maxRetries: 3 }); // What a broken install left confuses npm.
  const env = cleanEnvironment(
    {
      PATH: [path.dirname(node24()), userPath()].join(path.delimiter),
      // Headers for node-gyp, which would otherwise download them.
      npm_config_nodedir:
        nodePackageDir && existsSync(nodePackageDir) ? nodePackageDir : path.resolve(node24(), '../..'),
    },
    { forNpm: true },
  );
  const npm = (what, cwd, ...args) => {
    progress(what);
    return runOrThrow('npm', [...args, ...quiet], { cwd, env, onText: (t) => progress(`${what}: ${lastLine(t)}`) });
  };
  await npm('code-server', workbenchDir, 'ci', '--ignore-scripts');
  // Its lock file lists development packages that are not published with it, so `npm ci` refuses.
  await npm('packages of the editor', server, 'install', '--omit=dev', '--ignore-scripts');
  await npm('native modules', server, 'rebuild', ...natives);
  // node-pty brings binaries: they must load here (an older libc, say), or else be built too.
  const loads = await run(node24(), ['-e', "require('node-pty')"], { cwd: server });
  if (loads.code !== 0) {
    env.npm_config_build_from_source = 'true';
    await npm('terminals', server, 'rebuild', 'node-pty');
  }
  await runOrThrow(node24(), ['-e', natives.map((name) => `require('${name}')`).join(';')], { cwd: server });
}

export const workbench = {
  name: 'workbench',
  title: 'The VS Code workbench (about 600 MB, a minute)',
  needs: ['compiler', 'node'],
  fresh: () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === current(),
  async run(progress) {
    try {
      await install(progress);
    } catch (first) {
      progress('once more after an error');
      await install(progress).catch((second) => {
        rmSync(modules, { recursive: true, force: true, maxRetries: 3 });
        throw new Error(`${second.message}\n(the first attempt: ${first.message.split('\n')[0]})`);
      });
    }
    writeFileSync(stampFile, current());
  },
};
