// The panel's page, asked by axe-core for what keeps people out: contrast, names, roles, focus. In every theme.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Frame } from 'playwright-core';
import { Editor } from '../support/ui/editor.ts';
import { themes } from '../support/ui/editor-page.ts';
import { FlowPanelPage } from '../support/ui/flow-panel.ts';

describe('the panel, for everybody', function () {
  this.timeout(180_000);
  const server = http.createServer((request, response) =>
    request.url === '/missing'
      ? response.writeHead(404, { 'content-type': 'text/plain' }).end('not here')
      : response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok": true}'),
  );
  let editor: Editor;
  let panel: FlowPanelPage;

  before(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    editor = await Editor.open({ name: 'accessibility' });
    await editor.openContainer('Flowtap');
    await editor.command('Flowtap: New Captured Terminal');
    await editor.terminal.ready(30_000);
    await editor.terminal.type(
      `for p in one missing; do curl -s -o /dev/null -d 'question=1' http://127.0.0.1:${port}/$p; done; curl -s http://127.0.0.1:1/; echo "done $?"`,
    );
    await editor.terminal.waitFor(/^done \d+$/m);
    await editor.command('Flowtap: Open Flow Panel');
    panel = new FlowPanelPage(editor.page);
    await panel.row('GET /missing 404').or(panel.row('POST /missing 404')).waitFor();
  });
  after(async () => {
    server.close();
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  /** With what is there once it is drawn. */
  const tabs = [
    ['Overview', ':text("/usr/bin/curl")'],
    ['Messages', ':text("POST /missing HTTP/1.1")'],
    ['Stream', '.said.down'],
    ['Bytes', '.hex-line'],
  ] as const;

  /** The page itself: a frame in a frame, and no script of ours passes its policy but this way. */
  async function page(): Promise<Frame> {
    const frame = await (await panel.grid.elementHandle())?.ownerFrame();
    assert.ok(frame);
    return frame;
  }
  /** What is serious, with where it is. */
  async function findings(): Promise<string[]> {
    const frame = await page();
    await frame.evaluate(axe.source);
    const { violations, passes } = await frame.evaluate(async () => {
      const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
      const { violations, passes } = await run(document, { resultTypes: ['violations', 'passes'] });
      return { violations, passes: passes.length };
    });
    assert.ok(passes > 10, 'hardly anything was looked at');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map((n) => `${id}: ${n.target.join(' ')}: ${n.failureSummary?.replace(/\s+/g, ' ') ?? ''}`),
      );
  }

  for (const theme of Object.keys(themes) as (keyof typeof themes)[])
    it(`keeps nobody out in the theme ${theme}`, async () => {
      await editor.setTheme(theme);
      const found: string[] = [];
      const look = async (state: string): Promise<void> => {
        await editor.screenshot(`${theme}-${state}`);
        found.push(...(await findings()).map((finding) => `${state}: ${finding}`));
      };
      await look('table');
      await panel.row('/missing').click();
      await panel.grid.press('Enter');
      await panel.detail.waitFor();
      for (const [tab, content] of tabs) {
        await panel.tab(tab);
        await panel.detail.locator(content).first().waitFor();
        await look(`tab-${tab.toLowerCase()}`);
      }
      await panel.query.fill('stat');
      await panel.frame.getByRole('option').first().waitFor();
      await look('completion');
      await panel.query.fill('state:opne');
      await panel.frame.getByText('There are: open').waitFor();
      await look('wrong-query');
      await panel.query.fill('');
      await panel.query.press('Escape');
      await panel.counts('3 flows');
      assert.deepEqual(found, []);
    });
});
