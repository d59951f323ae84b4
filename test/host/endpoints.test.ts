// Endpoints of other programs in a real extension host: both feed the one store.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { App } from '../../src/editor/app.ts';
import { settings } from '../../src/protocol/ids.ts';
import { FakeProxy } from '../support/fake-proxy.ts';
import { until } from './until.ts';

describe('Endpoints', () => {
  let app: App;
  let first: FakeProxy;
  let second: FakeProxy;
  const setting = (names: readonly string[] | undefined): Thenable<void> =>
    vscode.workspace.getConfiguration().update(settings.endpoints, names, vscode.ConfigurationTarget.Global);
  const stateOf = (name: string): string | undefined =>
    app.endpoints.all.find((e) => e.name === name)?.session.state.kind;
  const hosts = (): string[] => {
    const found: string[] = [];
    for (let id = app.store.first; id < app.store.end; id++) found.push(app.store.flow(id)?.host ?? '');
    return found;
  };

  before(async () => {
    app = (await vscode.extensions.getExtension('flowtap.flowtap')!.activate()) as App;
    await app.settled();
    first = await FakeProxy.listen();
    second = await FakeProxy.listen();
  });
  after(async () => {
    await setting(undefined);
    await first.close();
    await second.close();
  });

  it('are connected to as the setting lists them, each with its flows and its state', async () => {
    await setting([first.path, second.path, 'no endpoint']);
    await until('both to be live', () => stateOf(first.path) === 'live' && stateOf(second.path) === 'live');
    assert.equal(app.endpoints.all.length, 2);
    for (const proxy of [first, second])
      await until('the subscription', () => [...proxy.clients].some((c) => c.subscribed));
    first.open({ host: 'first.endpoint.example' });
    second.open({ host: 'second.endpoint.example' });
    await until(
      'both flows',
      () => hosts().includes('first.endpoint.example') && hosts().includes('second.endpoint.example'),
    );
  });

  it('are let go of when they leave the setting', async () => {
    await setting([second.path]);
    await until('one to be left', () => app.endpoints.all.length === 1);
    await until('the connection to end', () => first.clients.size === 0);
    assert.equal(stateOf(second.path), 'live');
    const id = hosts().indexOf('first.endpoint.example') + app.store.first;
    await until('its flow to end', () => app.store.flow(id)?.state === 'closed');
  });

  it('are added and removed by command, and the token goes with them', async () => {
    await app.endpoints.setToken(second.path, '0123456789abcdef');
    assert.equal(await app.context.secrets.get(`flowtap.endpoint:${second.path}`), '0123456789abcdef');
    await app.endpoints.remove(second.path);
    await until('none to be left', () => app.endpoints.all.length === 0);
    assert.equal(await app.context.secrets.get(`flowtap.endpoint:${second.path}`), undefined);
    await app.endpoints.add(first.path);
    await until('the one that was added', () => stateOf(first.path) === 'live');
  });
});
