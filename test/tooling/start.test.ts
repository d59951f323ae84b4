// `npm start` as a person meets it, and that it leaves nothing behind however it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { launchBrowser, openPage } from '../../scripts/lib/browser.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { EditorPage } from '../support/ui/editor-page.ts';

const limit = 60_000; // milliseconds; a hang, not a slow machine

async function eventually<T>(what: string, f: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + limit; Date.now() < until; await sleep(50)) {
    const value = await f();
    if (value !== undefined) return value;
  }
  throw new Error(`not within ${limit / 1000} s: ${what}`);
}

/** `npm start` with a mark of the test's own in the environment of all that it starts. */
class Start {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #mark = `FLOWTAP_TEST_MARK=${randomBytes(12).toString('hex')}`;
  output = '';

  constructor(args: string[], env: NodeJS.ProcessEnv = {}) {
    const [name, value] = this.#mark.split('=') as [string, string];
    this.child = spawn('npm', ['start', '--', ...args], {
      cwd: root,
      env: { ...process.env, SAMPLE_PORT: '0', [name]: value, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal)));
  }

  /** The processes that it and its descendants are, by id. */
  get processes(): Map<number, string> {
    const found = new Map<number, string>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.#mark))
          found.set(Number(pid), readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    return found;
  }

  find(command: RegExp): number | undefined {
    return [...this.processes].find(([, line]) => command.test(line))?.[0];
  }

  printed(pattern: RegExp): Promise<string> {
    return eventually(`${pattern} in:\n${this.output}`, () => pattern.exec(this.output)?.[1]);
  }

  signal(program: RegExp, signal: NodeJS.Signals): void {
    const pid = this.find(program);
    assert.ok(pid, `no ${program} among:\n${[...this.processes.values()].join('\n')}`);
    process.kill(pid, signal);
  }

  async nothingLeft(): Promise<void> {
    const left = (): string => [...this.processes].map(([pid, command]) => `${pid} ${command}`).join('\n');
    await eventually('no process is left', () => (left() === '' ? true : undefined)).catch(() =>
      assert.fail(`left behind:\n${left()}`),
    );
  }

  async end(): Promise<void> {
    for (const pid of this.processes.keys())
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    await this.ended;
  }
}

const script = /^\S*node scripts\/start\.mjs/;
const npm = /^npm start/;
const url = /^\s+(http:\/\/127\.0\.0\.1:\d+\/\S+)$/m;
const sampleUrl = /sample's server answers at (http:\S+)/;

describe('npm start', function () {
  this.timeout(3 * limit);
  let start: Start;
  let browser: Awaited<ReturnType<typeof launchBrowser>> | undefined;
  const visit = async (address: string): Promise<EditorPage> => {
    browser = await launchBrowser();
    const { page } = await openPage(browser, new URL(address).host);
    const editor = new EditorPage(page, 'start');
    await editor.goto(address);
    return editor;
  };
  afterEach(async () => {
    await browser?.close();
    browser = undefined;
    await start?.end();
  });

  it('opens a captured terminal by itself, in which a curl to the sample shows as a row', async () => {
    start = new Start(['--browser', '--no-open', '--fresh']);
    const page = await visit(await start.printed(url));
    const sample = await start.printed(sampleUrl);
    await page.terminal.ready();
    await page.terminal.type(`curl -s ${sample}/ok`);
    await page.terminal.waitFor(/"status":"ok"/);
    await page.openContainer('Flowtap');
    await page.screenshot('row');
    await page.rows(new RegExp(`^curl to ${sample.slice('http://'.length)}, TCP, .* received`)).waitFor();
    // A program that ignores the end of its terminal must not outlive it either.
    await page.terminal.type('nohup sleep 1000 > /dev/null 2>&1 &');
    await eventually('sleep runs', () => start.find(/^sleep 1000/));
    assert.ok(start.find(/^\S*flowtapd/), 'a proxy runs');
    start.signal(script, 'SIGINT');
    assert.equal(await start.ended, 130);
    assert.doesNotMatch(start.output, /the workbench ended/);
    await start.nothingLeft();
  });

  it('leaves no process behind when it is killed, with a capture going on', async () => {
    start = new Start(['--browser', '--no-open']);
    const page = await visit(await start.printed(url));
    await page.terminal.ready();
    await eventually('a proxy runs', () => start.find(/^\S*flowtapd/));
    start.signal(script, 'SIGKILL');
    await start.nothingLeft();
  });

  for (const [name, program, signal] of [
    ['it gets SIGTERM', script, 'SIGTERM'],
    ['npm gets SIGTERM', npm, 'SIGTERM'],
    ['npm is killed', npm, 'SIGKILL'],
  ] as const)
    it(`leaves no process behind when ${name}`, async () => {
      start = new Start(['--browser', '--no-open']);
      await start.printed(url);
      start.signal(program, signal);
      await start.nothingLeft();
    });

  it('says so and ends when the workbench dies', async () => {
    start = new Start(['--browser', '--no-open']);
    await start.printed(url);
    start.signal(/server-main\.js/, 'SIGKILL');
    assert.equal(await start.ended, 1);
    assert.match(start.output, /the workbench ended \(SIGKILL\)/);
    await start.nothingLeft();
  });

  it('lets in only who knows the URL', async () => {
    start = new Start(['--browser', '--no-open']);
    const { origin } = new URL(await start.printed(url));
    assert.equal((await fetch(origin)).status, 403);
  });

  it('uses the VS Code that is on PATH, with a profile of its own', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'flowtap-test-'));
    const log = path.join(dir, 'arguments');
    const code = path.join(dir, 'code');
    writeFileSync(code, `#!/bin/sh\n[ "$1" = --version ] && exit 0\nprintf '%s\\n' "$@" > ${log}\nsleep 1000\n`);
    chmodSync(code, 0o755);
    start = new Start([], { PATH: `${dir}:${process.env['PATH']}` });
    const args = await eventually('it is started', () => {
      try {
        return readFileSync(log, 'utf8').trim().split('\n');
      } catch {
        return undefined;
      }
    });
    assert.ok(args.includes(`--extensionDevelopmentPath=${root}`), args.join('\n'));
    assert.ok(args.some((a) => a.startsWith('--user-data-dir=')));
    assert.equal(args.at(-1), path.join(root, 'sample'));
    start.signal(script, 'SIGTERM');
    await start.nothingLeft();
    rmSync(dir, { recursive: true });
  });

  for (const [args, message] of [
    [['--folder', 'no/such/folder'], /--folder .*no\/such\/folder: there is no such folder/],
    [['--port', '70000'], /--port 70000: a number from 0 to 65535 is wanted/],
    [['--nonsense'], /Unknown option '--nonsense'/],
    [['--code', 'no-such-editor'], /--code no-such-editor: not found/],
  ] as const)
    it(`refuses ${args.join(' ')}`, async () => {
      start = new Start([...args]);
      assert.equal(await start.ended, 1);
      assert.match(start.output, message);
    });
});
