// The panel with a million flows, and all the ways to it: keyboard, bottom of the window, reload. The proxy is one that
// speaks the wire and captures nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { closedFrame, openedFrame } from '../../bench/panel/flows.ts';
import { FakeProxy, type FakeClient } from '../support/fake-proxy.ts';
import { Editor } from '../support/ui/editor.ts';
import { FlowPanelPage, until } from '../support/ui/flow-panel.ts';
import { editorsAreStored } from '../support/ui/stored-state.ts';

const million = 1_000_000;
/** For what a busy machine may take long for. */
const patiently = { timeout: 240_000 };

describe('the flow panel with many flows', function () {
  this.timeout(300_000);
  let editor: Editor;
  let proxy: FakeProxy;
  let panel: FlowPanelPage;
  const start = Date.now() * 1000 - million * 37;

  async function subscriber(): Promise<FakeClient> {
    const find = (): FakeClient | undefined => [...proxy.clients].find((c) => c.subscribed);
    await until('the extension subscribes', () => find() !== undefined, 120);
    return find()!;
  }
  /** Flows [first, last], opened and closed. */
  async function send(first: number, last: number): Promise<void> {
    const { socket } = await subscriber();
    for (let id = first; id <= last;) {
      const pieces: Uint8Array[] = [];
      for (const end = Math.min(last, id + 1999); id <= end; id++)
        pieces.push(openedFrame({ id, at: start + id * 37 }), closedFrame({ id, at: start + id * 37 + 5000 }));
      if (!socket.write(Buffer.concat(pieces))) await new Promise((done) => socket.once('drain', done));
    }
  }

  before(async () => {
    editor = await Editor.open({ name: 'panel-million' });
    const folder = path.join(editor.runtimeDir, 'flowtap');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    proxy = await FakeProxy.listen({ path: path.join(folder, 'proxy.sock') });
    await subscriber();
    await editor.command('Flowtap: Open Flow Panel');
    panel = new FlowPanelPage(editor.page);
    await panel.grid.waitFor();
  });
  after(async () => {
    await proxy?.close();
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('follows the newest, and stays where it is when it is paused', async () => {
    await panel.frame.getByText('No flows yet.').waitFor();
    await send(1, 1000);
    await panel.counts('1,000 flows');
    await panel.frame.locator('#flow-1000').waitFor();
    await panel.scrollTo(100);
    await panel.frame.locator('#flow-101').click();
    const follow = panel.frame.getByRole('button', { name: 'Follow the newest flow' });
    assert.equal(await follow.getAttribute('aria-pressed'), 'false');
    await send(1001, 2000);
    await panel.counts('2,000 flows');
    await panel.frame.locator('#flow-101[aria-selected="true"]').waitFor();
    assert.equal(await panel.grid.getAttribute('aria-rowcount'), '2001');
    await panel.header('Start').click(); // now the newest are at the top
    await panel.frame.locator('[aria-sort="descending"]').waitFor();
    await panel.scrollTo(50);
    await panel.frame.locator('#flow-1950').waitFor();
    const place = async (): Promise<number> => (await panel.frame.locator('#flow-1945').boundingBox())?.y ?? NaN;
    const before = await place();
    await send(2001, 2500);
    await panel.counts('2,500 flows');
    await until('rows that come above move nothing', async () => Math.abs((await place()) - before) < 2);
    await panel.header('Start').click();
    await panel.frame.locator('[aria-sort="ascending"]').waitFor();
    await follow.click();
    await panel.frame.locator('#flow-2500').waitFor();
  });

  it('holds a million and shows row 900,000 with its detail', async () => {
    await send(2501, million);
    await panel.counts('1,000,000 flows', patiently.timeout);
    await panel.scrollTo(900_000);
    const row = panel.rowAt(900_000);
    await row.getByText(`api-${900_001 % 500}.service.example.com`).waitFor(patiently);
    await row.dblclick();
    await panel.detail
      .getByText(`/usr/bin/program-${900_001 % 40}`)
      .first()
      .waitFor(patiently);
    assert.ok((await panel.frame.locator('.row').count()) < 120, 'only rows in view are in the page');
    await editor.screenshot('row-900000');
    await panel.detail.getByRole('button', { name: /^Close detail/ }).click();
  });

  it('sorts and filters a million', async () => {
    await panel.header('Down').click();
    await panel.frame.locator('[aria-sort="descending"]', { hasText: 'Down' }).waitFor(patiently);
    await panel.frame.locator('.table[aria-busy="false"]').waitFor(patiently);
    await panel.scrollTo(0);
    await panel.rowAt(0).locator('.down').getByText('100 kB').waitFor(patiently);
    await panel.query.fill('process:program-7 state:failed');
    await panel.counts('0 of 1,000,000 flows', patiently.timeout); // ids 40 n + 7 are never refused
    await panel.frame.getByRole('button', { name: 'Clear the query' }).last().click();
    await panel.counts('1,000,000 flows', patiently.timeout);
    await panel.query.fill('host=api-7.service.example.com');
    await panel.counts('2,000 of 1,000,000 flows', patiently.timeout);
    await panel.query.fill('');
    await panel.header('Start').click();
    await panel.frame.locator('[aria-sort="ascending"]', { hasText: 'Start' }).waitFor(patiently);
    await panel.counts('1,000,000 flows', patiently.timeout);
  });

  it('selects many: with Shift, Control and all of them', async () => {
    await panel.scrollTo(10);
    await panel.rowAt(12).click();
    await panel.rowAt(15).click({ modifiers: ['Shift'] });
    const selected = panel.frame.locator('.row[aria-selected="true"]:not([hidden])');
    await until('four are selected', async () => (await selected.count()) === 4);
    await panel.rowAt(13).click({ modifiers: ['Control'] });
    await until('three are selected', async () => (await selected.count()) === 3);
    await panel.grid.press('Control+a');
    await panel.frame.getByText('Only the first 100000 of these flows are selected').waitFor();
    await panel.grid.press('Escape');
    await until('none is selected', async () => (await selected.count()) === 0);
  });

  it('zooms into a part of the time, by mouse and by keyboard, and out again', async () => {
    const box = (await panel.strip.boundingBox())!;
    await editor.page.mouse.move(box.x + box.width * 0.25, box.y + 30);
    await editor.page.mouse.down();
    await editor.page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 4 });
    await editor.page.mouse.up();
    await until('a part is counted', async () => /^2\d\d,\d{3} of 1,000,000 flows$/.test(await panel.frame.locator('.count').innerText())); // prettier-ignore
    assert.match(await panel.query.inputValue(), /^start:\S+\.\.\S+$/);
    await panel.frame.getByRole('button', { name: 'Show all of the time' }).click();
    await panel.counts('1,000,000 flows', patiently.timeout);
    await panel.strip.focus();
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight', 'Enter']) await panel.strip.press(key);
    await until('two slices are counted', async () => /^\d,\d{3} of 1,000,000 flows$/.test(await panel.frame.locator('.count').innerText())); // prettier-ignore
    await panel.strip.press('Escape');
    await panel.counts('1,000,000 flows', patiently.timeout);
    assert.equal(await panel.query.inputValue(), '');
  });

  it('forgets all, and shows payload: save, open, compare, copy', async () => {
    await editor.command('Flowtap: Clear Connections');
    await panel.frame.getByText('No flows yet.').waitFor(patiently);
    for (const [name, answer] of [['one', '{"a": 1}'], ['two', '{"a": 2}']] as const) {
      const id = proxy.open({ id: million + (name === 'one' ? 1 : 2), host: 'api.example' });
      proxy.data(id, 'up', `GET /${name}.json HTTP/1.1\r\nHost: api.example\r\n\r\n`);
      proxy.data(id, 'down', `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n${answer}`);
    } // prettier-ignore
    const one = panel.row('GET /one.json 200');
    await one.dblclick();
    await panel.tab('Messages');
    await panel.detail.getByRole('button', { name: 'Save as…' }).click();
    const file = path.join(editor.workspace, 'body.json');
    const name = editor.page.locator('.quick-input-widget input').first();
    await name.waitFor();
    await until('a name is proposed', async () => (await name.inputValue()).endsWith('/one.json'));
    await name.fill(file);
    await name.press('Enter');
    await until('the body is saved', () => existsSync(file));
    assert.equal(readFileSync(file, 'utf8'), '{"a": 1}');
    await one.click({ button: 'right' });
    await panel.menuItem('Copy as curl').click();
    await editor.statusBar(/Copied: \d+ B/).waitFor();
    await panel.detail.getByRole('button', { name: 'Open in editor' }).click();
    await editor.page.getByRole('tab', { name: /one\.json/ }).waitFor();
    await editor.page.locator('.view-line', { hasText: '"a"' }).first().waitFor();
    await editor.page.getByRole('tab', { name: /^Flows/ }).click();
    panel = new FlowPanelPage(editor.page);
    await panel.detail.waitFor(); // the page was away: the detail is there again
    await panel.row('GET /one.json 200').click();
    await panel.row('GET /two.json 200').click({ modifiers: ['Control'] });
    await panel.row('GET /two.json 200').click({ button: 'right' });
    await panel.menuItem('Compare with…').click();
    await editor.page.locator('.monaco-diff-editor').waitFor();
    await editor.screenshot('compare');
    await editor.page.getByRole('tab', { name: /^Flows/ }).click();
    panel = new FlowPanelPage(editor.page);
    await panel.row('GET /one.json 200').waitFor();
  });

  it('is used by keyboard alone', async () => {
    const { keyboard } = editor.page;
    const focused = async (): Promise<string> => panel.frame.locator(':focus').first().evaluate((e) => `${e.getAttribute('role') ?? e.tagName} ${e.getAttribute('aria-label') ?? e.textContent}`); // prettier-ignore
    const tabTo = async (what: RegExp): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        if (what.test(await focused().catch(() => ''))) return;
        await keyboard.press('Tab');
      }
      assert.fail(`Tab does not come to ${what}; it is at ${await focused()}`);
    };
    await panel.query.focus();
    await keyboard.type('path:/two');
    await keyboard.press('Escape'); // the list
    await keyboard.press('Escape'); // the query
    assert.equal(await panel.query.inputValue(), '');
    await tabTo(/^slider Timeline/);
    await tabTo(/^grid Flows/);
    await keyboard.press('Home');
    await panel.rowAt(0).and(panel.frame.locator('[aria-selected="true"]')).waitFor();
    const active = await panel.grid.getAttribute('aria-activedescendant');
    assert.equal(active, await panel.rowAt(0).getAttribute('id'));
    await keyboard.press('ArrowDown');
    await panel.rowAt(1).and(panel.frame.locator('[aria-selected="true"]')).waitFor();
    await keyboard.press('Shift+F10');
    await panel.frame.getByRole('menu').waitFor();
    await keyboard.press('Escape');
    await keyboard.press('Enter');
    await panel.detail.locator('#detail-content:focus').waitFor();
    await keyboard.press('Shift+Tab'); // close
    await keyboard.press('Shift+Tab'); // more actions
    await keyboard.press('Shift+Tab');
    assert.match(await focused(), /^tab /);
    await keyboard.press('ArrowLeft');
    await panel.detail.locator('[role="tab"][aria-selected="true"]:focus').waitFor();
    await keyboard.press('Escape');
    await panel.detail.waitFor({ state: 'hidden' });
    assert.match(await focused(), /^grid Flows/);
    await keyboard.press('Tab');
    assert.match(await focused(), /^columnheader /);
    await keyboard.press('Home');
    await keyboard.press('ArrowRight');
    const cell = panel.frame.locator('[role="columnheader"]:focus');
    const width = (await cell.boundingBox())!.width;
    await keyboard.press('Shift+ArrowRight');
    await until('the column is wider', async () => ((await cell.boundingBox())?.width ?? 0) > width + 10);
    await keyboard.press('Control+Shift+ArrowRight');
    await until('the column moved', async () => (await panel.frame.locator('[role="columnheader"]').allInnerTexts()).slice(1, 3).join().startsWith('Port')); // prettier-ignore
  });

  it('moves to the bottom with its query, columns and detail, and back', async () => {
    await panel.query.fill('host=api.example');
    await panel.counts('2 flows');
    await panel.row('GET /two.json 200').dblclick();
    await panel.tab('Stream');
    await editor.command('Flowtap: Move Flow Panel to the Bottom');
    await editor.page.locator('.part.panel').getByRole('tab', { name: 'Flows' }).waitFor();
    panel = new FlowPanelPage(editor.page);
    await panel.frame.locator('body[data-place="panel"]').waitFor();
    await panel.counts('2 flows');
    assert.equal(await panel.query.inputValue(), 'host=api.example');
    await panel.detail.locator('.said.up').getByText('GET /two.json').waitFor();
    assert.match((await panel.frame.locator('[role="columnheader"]').allInnerTexts())[1]!, /^Port/);
    await editor.screenshot('bottom');
    await editor.command('Flowtap: Move Flow Panel to the Editor Area');
    panel = new FlowPanelPage(editor.page);
    await panel.frame.locator('body[data-place="editor"]').waitFor();
    await panel.counts('2 flows');
    await panel.detail.locator('.said.up').getByText('GET /two.json').waitFor();
  });

  it('is as it was when the window has been reloaded', async () => {
    await panel.header('Down').click();
    await panel.frame.locator('[aria-sort="descending"]', { hasText: 'Down' }).waitFor();
    const sorted = '"sort":{"column":"down","descending":true}';
    await editorsAreStored(editor.page, ['flowtapPanel', '"query":"host=api.example"', sorted]);
    await editor.page.reload();
    panel = new FlowPanelPage(editor.page);
    await panel.grid.waitFor(patiently);
    await panel.counts('2 flows', patiently.timeout); // the proxy's flows are still open
    assert.equal(await panel.query.inputValue(), 'host=api.example');
    await panel.frame.locator('[aria-sort="descending"]', { hasText: 'Down' }).waitFor();
    assert.match((await panel.frame.locator('[role="columnheader"]').allInnerTexts())[1]!, /^Port/);
    await editor.screenshot('reloaded');
  });
});
