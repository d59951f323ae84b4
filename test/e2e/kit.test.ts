// What docs/kit.md tells people to type, as it stands there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

describe('docs/kit.md', function () {
  this.timeout(300_000); // it builds the library

  it('leads from the sources to flows of the example on the screen', async function () {
    if (process.platform !== 'linux' || spawnSync('cc', ['--version']).error) this.skip();
    const commands = /```sh\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(root, 'docs/kit.md'), 'utf8'))?.[1] ?? '';
    assert(commands.includes('example.c'));
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-kit-'));
    const env = { ...process.env, XDG_RUNTIME_DIR: folder, FLOWTAP_RUNTIME_DIR: path.join(folder, 'flowtap') };
    const shell = spawn('sh', ['-e', '-c', commands], { cwd: root, env, detached: true, stdio: 'pipe' });
    try {
      let shown = '';
      let said = '';
      shell.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      await new Promise<void>((resolve, reject) => {
        shell.stdout.setEncoding('utf8').on('data', (text: string) => {
          shown += text;
          if (/ example +\d+ +tcp +example\.com:80 +37 B .* eof\n/.test(shown)) resolve();
        });
        shell.once('exit', (code) => reject(new Error(`it ended with ${code}: ${shown}${said}`)));
      });
    } finally {
      process.kill(-(shell.pid ?? 0), 'SIGTERM');
      fs.rmSync(folder, { recursive: true });
      fs.rmSync(path.join(root, 'out/example'), { force: true });
    }
  });
});
