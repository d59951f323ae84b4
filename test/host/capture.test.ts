// Captured terminals and commands in a real extension host with the real daemon, launcher and bridge.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../../src/editor/app.ts';
import type { ConnectionsView } from '../../src/editor/sidebar/view.ts';
import { commands, contextKeys, taskTypes, views } from '../../src/protocol/ids.ts';
import type { Flow } from '../../src/flow/model.ts';
import { until, untilAsync } from './until.ts';

const run = vscode.commands.executeCommand;

describe('captures from the editor', function () {
  this.timeout(60_000);
  let app: App;
  let view: ConnectionsView;
  let port: number;
  const server = http.createServer((request, response) => {
    if (request.url === '/held') response.write('first\n');
    else response.end('x'.repeat(5000));
  });

  const flows = (): Flow[] => {
    const all: Flow[] = [];
    for (let id = app.store.first; id < app.store.end; id++) all.push(app.store.flow(id)!);
    return all.filter((f) => f.destination.port === port);
  };
  const state = (kind: string): Promise<unknown> =>
    until(`state ${kind}`, () => app.keys.get(contextKeys.state) === kind);

  before(async function () {
    app = (await vscode.extensions.getExtension('flowtap.flowtap')!.activate()) as App;
    view = app.exposed.get('connections') as ConnectionsView;
    if (!existsSync(app.programs.daemon) || !existsSync(app.programs.launcher)) {
      console.log(`skipped: there is no ${app.programs.daemon}`);
      this.skip();
    }
    const { mode, problem } = await app.proxy.check();
    if (problem) {
      console.log(`skipped: ${mode} ${problem.text}`);
      this.skip();
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    await run(`${views.connections}.focus`);
  });
  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    if (app.proxy.state.kind === 'running') await run(commands.stopProxy);
    await run(commands.clear);
    server.closeAllConnections();
    server.close();
  });

  it('runs a command captured, which starts the proxy', async () => {
    await run(commands.runCommand, `curl -s http://127.0.0.1:${port}/one > /dev/null`);
    await state('running');
    const flow = await until('the flow', () => flows().find((f) => f.state === 'closed'));
    assert.equal(flow.process.name, 'curl');
    assert.ok(flow.process.pid > 0);
    assert.equal(flow.reason, 'eof');
    assert.ok(flow.bytesDown > 5000);
  });

  it('runs a task of tasks.json captured', async () => {
    const line = `curl -s http://127.0.0.1:${port}/task > /dev/null`;
    const folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
    const tasks = [{ label: 'fetch', type: taskTypes.captured, command: line }];
    mkdirSync(path.join(folder, '.vscode'), { recursive: true });
    writeFileSync(path.join(folder, '.vscode/tasks.json'), JSON.stringify({ version: '2.0.0', tasks }));
    const task = await untilAsync('the task', async () =>
      (await vscode.tasks.fetchTasks({ type: taskTypes.captured })).find((t) => t.name === 'fetch'),
    );
    const ended = new Promise<number | undefined>((resolve) => {
      const listening = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        if (execution.task.name !== 'fetch') return;
        listening.dispose();
        resolve(exitCode);
      });
    });
    await vscode.tasks.executeTask(task);
    assert.equal(await ended, 0);
    await until('the flow', () => flows().length === 2);
  });

  it('opens a captured terminal that is the shell of the user, named as captured', async () => {
    const before = new Set(vscode.window.terminals);
    await run(commands.newCapturedTerminal);
    const terminal = await until('the terminal', () => vscode.window.terminals.find((t) => !before.has(t)));
    assert.match(terminal.name, /\(captured\)$/);
    terminal.sendText(`curl -s http://127.0.0.1:${port}/held`);
    const flow = await until('the open flow', () => flows().find((f) => f.state === 'open' && f.bytesDown > 0));
    assert.equal(flow.process.name, 'curl');
    await until('its row', () => view.model.row(flow.id));
  });

  it('sees the proxy killed in mid-flow, and connects again when it is back', async () => {
    const flow = await until('the open flow', () => flows().find((f) => f.state === 'open'));
    const { pid } = app.proxy.state.welcome!;
    process.kill(pid, 'SIGKILL');
    await until('the loss', () => app.proxy.state.kind !== 'running');
    await until('the end of the flow', () => app.store.flow(flow.id)?.reason === 'lost');
    await run(commands.startProxy);
    await state('running');
    assert.notEqual(app.proxy.state.welcome?.pid, pid);
  });

  it('stops the proxy', async () => {
    const { pid } = app.proxy.state.welcome!;
    await run(commands.stopProxy);
    await state('stopped');
    await until('the end of the process', () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  });

  it('says why where a capture is impossible, and opens nothing', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-launcher-'));
    const launcher = path.join(folder, 'flowtap-run');
    const answer = {
      mode: null,
      problem: { code: 'userns-sysctl', text: 'Forbidden here.\n  sudo sysctl -w x=1' },
    };
    writeFileSync(launcher, `#!/bin/sh\necho '${JSON.stringify(answer).replaceAll('\\n', '\\\\n')}'\n`);
    chmodSync(launcher, 0o755);
    const programs = app.programs as { launcher: string };
    const real = programs.launcher;
    programs.launcher = launcher;
    app.proxy.forgetCheck();
    try {
      const before = vscode.window.terminals.length;
      void run(commands.newCapturedTerminal);
      await until('the problem', () => app.keys.get(contextKeys.captureProblem) === 'capture-impossible');
      assert.match(app.proxy.captureCheck?.problem?.text ?? '', /^Forbidden here\.\n/);
      assert.equal(vscode.window.terminals.length, before);
    } finally {
      programs.launcher = real;
      await app.proxy.check();
      rmSync(folder, { recursive: true });
    }
    assert.equal(app.keys.get(contextKeys.captureProblem), '');
  });
});
