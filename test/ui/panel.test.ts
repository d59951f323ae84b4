// The panel, as a person uses it: the packaged extension, real requests, a real browser.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { BytesOut } from '../../src/capture/bytesOut.ts';
import { TcpFlag, writeTcp, type Side } from '../../src/capture/packets.ts';
import { haveTshark, tshark } from '../support/tshark.ts';
import { Editor } from '../support/ui/editor.ts';

const hostile =
  '<script>window.parent.postMessage("pwned","*");document.title="pwned"</script><img src=x onerror="document.title=\'pwned\'">';

describe('the flow panel', function () {
  this.timeout(120_000);
  const server = http.createServer((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end('not here');
    else if (request.url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end(hostile);
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ path: request.url, ok: true }));
  });
  let editor: Editor;
  let panel: FrameLocator;
  let port: number;

  before(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
    editor = await Editor.open({ name: 'panel' });
    await editor.openContainer('Flowtap');
    await editor.command('Flowtap: New Captured Terminal');
    await editor.terminal.ready(30_000);
    await editor.terminal.type(
      `for p in one two missing page; do curl -s -o /dev/null http://127.0.0.1:${port}/$p; done; curl -s http://127.0.0.1:1/; echo "done $?"`,
    );
    await editor.terminal.waitFor(/^done \d+$/m);
  });
  after(async () => {
    server.close();
    await editor?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await editor?.screenshot('failed');
  });

  it('lists the flows with host, summary and state', async () => {
    await editor.command('Flowtap: Open Flow Panel');
    panel = editor.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await panel.getByRole('grid', { name: 'Flows' }).waitFor();
    await panel.getByRole('row').filter({ hasText: 'GET /missing 404' }).waitFor();
    await panel.getByRole('row').filter({ hasText: 'GET /one 200' }).waitFor();
    await panel.getByRole('row').filter({ hasText: 'refused' }).waitFor();
    await panel.getByText('5 flows', { exact: true }).waitFor();
    await editor.screenshot('table');
  });

  it('filters, marks what is wrong with a query, and completes', async () => {
    const query = panel.getByRole('combobox', { name: 'Query' });
    await query.fill('status>=400');
    await panel.getByText('1 of 5 flows').waitFor();
    await query.fill('prot:80');
    await panel.getByRole('alert').getByText('Did you mean "port"?').waitFor();
    await editor.screenshot('query-error');
    await query.fill('');
    await query.pressSequentially('state:fa');
    await panel.getByRole('option', { name: /failed/ }).waitFor();
    await editor.screenshot('completion');
    await query.press('ArrowDown');
    await query.press('Tab');
    await panel.getByText('2 of 5 flows').waitFor();
    await query.fill('');
    await panel.getByText('5 flows', { exact: true }).waitFor();
  });

  it('sorts by a column', async () => {
    await panel.getByRole('columnheader', { name: /Summary/ }).click();
    const summaries = panel.locator('.row:not([hidden]) .cell.summary');
    await panel.locator('[aria-sort="ascending"]', { hasText: 'Summary' }).waitFor();
    await assertEventually(async () => {
      const texts = await summaries.allInnerTexts();
      return texts.length === 5 && texts.slice(1).join() === texts.slice(1).sort().join();
    });
    await panel.getByRole('columnheader', { name: /Start/ }).click();
    await assertEventually(async () => (await summaries.allInnerTexts())[0] === 'GET /one 200');
  });

  it('opens a flow by keyboard, with request, response and stream', async () => {
    await panel.getByRole('row').filter({ hasText: 'GET /one 200' }).click();
    await panel.getByRole('grid', { name: 'Flows' }).press('Enter');
    const detail = panel.getByRole('region', { name: 'Flow detail' });
    await detail.getByText('/usr/bin/curl').first().waitFor();
    await editor.screenshot('overview');
    await detail.getByRole('tab', { name: 'Messages' }).click();
    await detail.getByText('HTTP/1.1 200 OK').waitFor();
    await detail.locator('.token.key', { hasText: '"path"' }).waitFor();
    const body = detail.locator('.text-body').last();
    assert.equal(await body.textContent(), '{\n  "path": "/one",\n  "ok": true\n}');
    await editor.screenshot('messages');
    await detail.getByRole('button', { name: 'Show as sent' }).click();
    assert.equal(await body.textContent(), '{"path":"/one","ok":true}');
    await detail.getByRole('tab', { name: 'Stream' }).click();
    await detail.locator('.said.up').getByText('GET /one HTTP/1.1').waitFor();
    await detail.locator('.said.down').getByText('"path":"/one"').waitFor();
    await editor.screenshot('stream');
    await detail.getByRole('tab', { name: 'Bytes' }).click();
    await detail.locator('.hex-line').first().waitFor();
    await editor.screenshot('bytes');
  });

  it('shows a captured page as text, and runs none of its script', async () => {
    await panel.getByRole('row').filter({ hasText: 'GET /page 200' }).click();
    const detail = panel.getByRole('region', { name: 'Flow detail' });
    await detail.getByRole('tab', { name: 'Messages' }).click();
    await detail.getByText('window.parent.postMessage').waitFor();
    // VS Code puts one script of its own into the page.
    assert.equal(await panel.locator('script', { hasText: 'pwned' }).count(), 0);
    assert.equal(await panel.locator('main img').count(), 0);
    assert.notEqual(await editor.page.title(), 'pwned');
  });

  it('explains a failure', async () => {
    await panel.getByRole('row').filter({ hasText: 'refused' }).click();
    const detail = panel.getByRole('region', { name: 'Flow detail' });
    await detail.getByRole('tab', { name: 'Overview' }).click();
    await detail.getByText(/Nothing listens on port 1 there/).waitFor();
    await editor.screenshot('explanation');
  });

  it('is readable in light and high contrast', async () => {
    for (const theme of ['light', 'highContrast', 'dark'] as const) {
      await editor.setTheme(theme);
      await panel.getByRole('grid', { name: 'Flows' }).waitFor();
      await editor.screenshot(`theme-${theme}`);
    }
  });

  it('saves a capture that tshark reads, and opens it again', async () => {
    const file = path.join(editor.workspace, 'saved.pcapng');
    await editor.command('Flowtap: Save Flows…');
    const name = editor.page.locator('.quick-input-widget input').first();
    await name.waitFor();
    // The dialog writes its own proposal when it has found the folder.
    await assertEventually(async () => (await name.inputValue()).endsWith('/flows.pcapng'));
    await name.fill(file);
    await name.press('Enter');
    await assertEventually(() => Promise.resolve(existsSync(file)));
    if (haveTshark)
      assert.deepEqual(
        tshark(file, ['http.request.uri'], '-Y', 'http.request').map(([uri]) => uri),
        ['/one', '/two', '/missing', '/page'],
      );
    await editor.openFile(file);
    const opened = editor.page.frameLocator('iframe.webview.ready >> nth=-1').frameLocator('iframe#active-frame');
    await opened.getByRole('row').filter({ hasText: 'GET /missing 404' }).waitFor();
    await opened.getByRole('row').filter({ hasText: 'refused' }).waitFor();
    await opened.getByText('5 flows', { exact: true }).waitFor();
    await editor.screenshot('capture');
    await opened.getByRole('row').filter({ hasText: 'GET /one 200' }).dblclick();
    await opened.getByRole('region', { name: 'Flow detail' }).getByText('/usr/bin/curl').first().waitFor();
    const damaged = path.join(editor.workspace, 'cut.pcapng');
    writeFileSync(damaged, readFileSync(file).subarray(0, -10));
    await editor.openFile(damaged);
    const cut = editor.page.frameLocator('iframe.webview.ready >> nth=-1').frameLocator('iframe#active-frame');
    await cut.getByText(/The file ends in the middle of a block \(at byte \d+\)/).waitFor();
    await editor.screenshot('capture-cut');
  });

  it('marks what did not come as it should, in the table and in the detail', async () => {
    const file = path.join(editor.workspace, 'marks.pcap');
    writeFileSync(file, captureWithFaults());
    await editor.openFile(file);
    const opened = editor.page.frameLocator('iframe.webview.ready >> nth=-1').frameLocator('iframe#active-frame');
    await opened.getByText('2 flows', { exact: true }).waitFor();
    const marked = opened.locator('.row.marked');
    await marked.waitFor();
    assert.equal(await marked.count(), 1, 'the other flow is well');
    const words = '8 B lost · 1 retransmitted · 1 out of order · 1 overlapping';
    const reason = marked.locator('.cell.reason');
    assert.ok((await reason.innerText()).endsWith(words));
    assert.ok(
      (await reason.getAttribute('title'))?.endsWith(words),
      'a column that is too narrow shows it when pointed at',
    );
    await opened.locator('.warning').getByText('packets sent again: 1').waitFor();
    await marked.dblclick();
    const detail = opened.getByRole('region', { name: 'Flow detail' });
    for (const [name, value] of [['Retransmitted', '1'], ['Out of order', '1'], ['Overlapping', '1'], ['Not in the capture', '8 B']] as const)
      assert.equal(await detail.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]').innerText(), value); // prettier-ignore
    await editor.screenshot('marks');
    await editor.setTheme('light');
    await marked.waitFor();
    await editor.screenshot('marks-light');
  });
});

/** A pcap file of raw IP packets: a flow with all that can go wrong, and one without. */
function captureWithFaults(): Buffer {
  const end = (last: number, port: number): Side => ({ address: Uint8Array.of(10, 0, 0, last), port });
  const [client, server, other] = [end(1, 4000), end(2, 80), end(3, 80)];
  const words = (...of: number[]): Buffer => Buffer.from(Uint32Array.from(of).buffer);
  const pieces = [words(0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 101)];
  let at = 0;
  const tcp = (to: Side, sequence: number, text: string, flags: number = TcpFlag.ack): void => {
    const out = new BytesOut();
    writeTcp(out, client, to, { sequence, acknowledgement: 0, flags }, Buffer.from(text));
    const bytes = out.take();
    pieces.push(words(1_700_000_000, ++at * 1000, bytes.length, bytes.length), Buffer.from(bytes));
  };
  for (const to of [server, other]) tcp(to, 0, '', TcpFlag.syn);
  tcp(server, 1, 'abcd');
  tcp(server, 1, 'abcd'); // again
  tcp(server, 9, 'ijkl'); // before its time
  tcp(server, 5, 'efgh'); // late
  tcp(server, 11, 'klmn'); // half of it again
  tcp(server, 23, 'wxyz'); // eight bytes are missing
  tcp(other, 1, 'all well');
  return Buffer.concat(pieces);
}

async function assertEventually(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail('it never held');
}
