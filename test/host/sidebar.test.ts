// The sidebar in a real extension host, fed by a fake proxy on the socket where the real one would be.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { CaptureStatus, Mode } from '../../gen/flow_pb.ts';
import type { App } from '../../src/editor/app.ts';
import type { Element } from '../../src/editor/sidebar/elements.ts';
import type { ConnectionsView } from '../../src/editor/sidebar/view.ts';
import { commands, contextKeys, settings, views } from '../../src/protocol/ids.ts';
import { socketPath } from '../../src/proxy/paths.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { until } from './until.ts';

const run = vscode.commands.executeCommand;

describe('the sidebar with a proxy', () => {
  let app: App;
  let view: ConnectionsView;
  let proxy: FakeProxy;

  /** "label | description" of every element, as a person sees it. */
  const rows = (): string[] => {
    const shown = (element: Element): string => {
      const { label, description } = view.getTreeItem(element);
      return `${label as string} | ${description as string}`;
    };
    return view
      .getChildren()
      .flatMap((group) => [shown(group), ...view.getChildren(group).map((row) => `  ${shown(row)}`)]);
  };
  const state = (kind: string): Promise<unknown> =>
    until(`state ${kind}`, () => app.keys.get(contextKeys.state) === kind);
  const listen = async (options: Parameters<typeof FakeProxy.listen>[0] = {}): Promise<FakeProxy> => {
    mkdirSync(path.dirname(socketPath()), { recursive: true, mode: 0o700 });
    return FakeProxy.listen({ ...options, path: socketPath() });
  };

  /** The states that follow, until the proxy runs again. */
  const statesWhile = async (act: () => void): Promise<string[]> => {
    const seen: string[] = [];
    const listening = app.proxy.onDidChangeState(({ kind }) => seen.push(kind));
    act();
    await until('the proxy to run again', () => seen.includes('running'));
    listening.dispose();
    return seen;
  };

  before(async () => {
    app = (await vscode.extensions.getExtension('flowtap.flowtap')!.activate()) as App;
    view = app.exposed.get('connections') as ConnectionsView;
    await run(`${views.connections}.focus`);
    await until('the view', () => view.tree.visible);
  });
  afterEach(async () => {
    await proxy?.close();
    await until('the end of the proxy', () => app.proxy.state.kind !== 'running');
    await run(commands.clear);
    await until('an empty list', () => rows().length === 0);
    view.setFilter('', undefined);
    view.setGrouping('process');
  });

  it('says that no proxy runs, and connects by itself when one appears', async () => {
    await state('stopped');
    proxy = await listen();
    await state('running');
  });

  it('shows a connection while it opens, moves bytes and ends', async () => {
    proxy = await listen();
    await state('running');
    const id = proxy.open();
    await until('the row', () => rows()[1]?.startsWith('  example.com:443 | '));
    proxy.counters(id, 78, 1256);
    await until('its bytes', () => rows()[1]?.includes('↑78 B ↓1.3 kB'));
    assert.match(rows()[0]!, /^curl \| 1 open of 1/);
    proxy.end(id);
    await until('its end', () => rows()[0]?.startsWith('curl | 0 open of 1'));
    assert.match(rows()[1]!, /ago/);
  });

  it('shows errors in the group and in the row', async () => {
    proxy = await listen();
    await state('running');
    proxy.end(proxy.open(), { reason: 4, error: 111, errorText: 'Connection refused' });
    await until('the failure', () => rows()[0]?.includes('1 failed'));
    assert.match(rows()[1]!, /refused/);
    const [row] = view.getChildren(view.getChildren()[0]);
    const tooltip = view.resolveTreeItem(view.getTreeItem(row!), row!).tooltip as vscode.MarkdownString;
    assert.match(tooltip.value.replaceAll('\\', ''), /Connection refused \(errno 111\)/);
    assert.ok(!tooltip.isTrusted);
  });

  it('groups by host and state on command', async () => {
    proxy = await listen();
    await state('running');
    proxy.open();
    proxy.open({ host: 'other.test' });
    await until('the rows', () => rows().length === 3);
    await run(commands.groupByHost);
    assert.deepEqual(
      rows()
        .filter((r) => !r.startsWith(' '))
        .map((r) => r.split(' |')[0]),
      ['example.com', 'other.test'],
    );
    assert.equal(app.keys.get(contextKeys.grouping), 'host');
    await run(commands.groupByState);
    assert.equal(rows()[0], 'Connecting | 2');
  });

  it('names the way of capturing where it sees less than it could, as long as that lasts', async () => {
    proxy = await listen();
    await state('running');
    const capture = async (...modes: Mode[]): Promise<void> => {
      proxy.status = { openCaptures: modes.map((mode) => CaptureStatus.make({ mode, command: ['npm', 'test'] })) };
      for (const client of proxy.clients) client.send({ status: proxy.currentStatus() });
      await until('the status', () => app.proxy.state.status?.openCaptures.length === modes.length);
    };
    const says = (what: string): Promise<unknown> => until(`"${what}"`, () => (view.tree.description ?? '') === what);
    await capture(Mode.tproxy);
    await says('');
    await capture(Mode.tproxy, Mode.redirect);
    await says('redirect (TCP only)');
    await capture(Mode.explicit, Mode.tproxy, Mode.redirect);
    await says('explicit proxy (programs that obey proxy settings)');
    await capture();
    await says('');
  });

  it('filters to the process and the host of a row, and says so', async () => {
    proxy = await listen();
    await state('running');
    proxy.open();
    proxy.open({ host: 'other.test' });
    await until('the rows', () => rows().length === 3);
    const other = view
      .getChildren(view.getChildren()[0])
      .find((e) => e.kind === 'flow' && e.flow.host === 'other.test');
    await run(commands.filterToHost, other);
    assert.deepEqual(rows().length, 2);
    assert.match(view.tree.description ?? '', /host=other\.test/);
    await run(commands.clearFilter);
    assert.equal(rows().length, 3);
    await run(commands.filterToProcess, other);
    assert.match(view.tree.description ?? '', /pid:4242/);
  });

  it('copies address, host, text and JSON', async () => {
    proxy = await listen();
    await state('running');
    proxy.open();
    proxy.open();
    const group = await until('the group', () => view.getChildren()[0]);
    await until('both rows', () => view.getChildren(group).length === 2);
    const [row] = view.getChildren(group);
    const copied = async (command: string, ...args: unknown[]): Promise<string> => {
      await run(command, ...args);
      return vscode.env.clipboard.readText();
    };
    assert.equal(await copied(commands.copyAddress, row), '93.184.216.34:443');
    assert.equal(await copied(commands.copyHost, row), 'example.com');
    assert.match(await copied(commands.copyAsText, row), /curl \(4242\) {2}→ {2}example\.com:443/);
    assert.equal(JSON.parse(await copied(commands.copyAsJson, row)).destination.host, 'example.com');
    assert.equal(JSON.parse(await copied(commands.copyAsJson, group, [group])).length, 2);
  });

  it('notices a broken connection, comes back, and finds the same connections', async () => {
    proxy = await listen();
    await state('running');
    const id = proxy.open();
    await until('the row', () => rows().length === 2);
    const states = await statesWhile(() => proxy.cut());
    assert.ok(states.includes('lost'), states.join());
    await until('its return', () => rows()[0]?.startsWith('curl | 1 open of 1'));
    proxy.end(id);
    await until('its end', () => rows()[0]?.startsWith('curl | 0 open of 1'));
  });

  it('keeps what was open as lost from view when the proxy stays away', async () => {
    proxy = await listen();
    await state('running');
    proxy.open();
    await until('the row', () => rows().length === 2);
    await proxy.close();
    await until('the loss', () => rows()[1]?.includes('lost from view'));
    assert.match(rows()[0]!, /1 failed · 0 open of 1/);
    assert.notEqual(view.tree.message, '');
  });

  it('names both versions where the proxy speaks another one', async () => {
    proxy = await listen({ versions: [7] });
    await state('refused');
    const { problem } = app.proxy.state;
    assert.match(problem?.text ?? '', /7/);
    assert.match(problem?.text ?? '', /1/);
    await proxy.close();
    app.proxy.connect();
    await state('stopped');
  });

  it('survives rubbish from a proxy', async () => {
    proxy = await listen();
    await state('running');
    const states = await statesWhile(() => {
      for (const client of proxy.clients) client.sendBytes(Uint8Array.of(255, 255, 255, 255, 1, 2, 3));
    });
    assert.ok(states.includes('lost'), states.join());
  });

  it('keeps a long list short and says how much is hidden', async () => {
    proxy = await listen();
    await state('running');
    for (let i = 0; i < 350; i++) proxy.open();
    const group = await until('the group', () => view.getChildren()[0]);
    await until('the last row', () => view.getTreeItem(view.getChildren(group).at(-1)!).label === '50 more…');
    assert.equal(view.getChildren(group).length, 301);
  });

  it('asks for fewer payload bytes when the setting says so', async () => {
    proxy = await listen();
    await state('running');
    const configuration = vscode.workspace.getConfiguration();
    await configuration.update(settings.bodyLimit, 2, vscode.ConfigurationTarget.Global);
    await until('the new subscription', () =>
      [...proxy.clients].some((c) => c.frames.some((f) => f.subscribe?.bodyLimit === 2048)),
    );
    await configuration.update(settings.bodyLimit, undefined, vscode.ConfigurationTarget.Global);
  });
});
