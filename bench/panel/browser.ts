// The panel in the real workbench, in headless Chromium: frames while scrolling, memory of the page, and how long a
// flow takes from the proxy to its row. The proxy is one that speaks the wire and captures nothing, in this process.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, FrameLocator } from 'playwright-core';
import { Editor } from '../../test/support/ui/editor.ts';
import { FakeProxy, type FakeClient } from '../../test/support/fake-proxy.ts';
import { family } from '../proxy/processes.ts';
import { closedFrame, openedFrame } from './flows.ts';
import { percentile, type Note } from './report.ts';

const few = 10_000;
const many = 1_000_000;
const perSecond = 5_000;
const seconds = 20;
const framesPerRun = 600;
const warmUpFrames = 30;
/** Frames are written in pieces of so many flows. */
const batch = 2_000;

export async function browserHalf(note: Note): Promise<void> {
  const editor = await Editor.open({ name: 'bench-panel', settings: { 'flowtap.store.maxFlows': many } });
  const folder = path.join(editor.runtimeDir, 'flowtap');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const proxy = await FakeProxy.listen({ path: path.join(folder, 'proxy.sock') });
  try {
    const client = await subscriber(proxy);
    await editor.command('Flowtap: Open Flow Panel');
    const panel = editor.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await panel.getByRole('grid', { name: 'Flows' }).waitFor();
    note('Activation of the extension, own code', `${activation(editor)} ms`, '≤ 20 ms');
    const cdp = await editor.page.context().newCDPSession(editor.page);

    await send(client, 1, few);
    await counted(panel, few);
    const small = await pageMemory(cdp);
    const hostBefore = hostMemory(editor);
    const started = performance.now();
    const { host: hostCpuBefore } = cpuTimes(editor);
    await send(client, few + 1, many);
    await counted(panel, many);
    const { host: hostCpu } = cpuTimes(editor);
    note(`${many.toLocaleString('en')} flows, opened and closed, until the panel counts them`, `${((performance.now() - started) / 1000).toFixed(1)} s, of it CPU of the host ${(hostCpu - hostCpuBefore).toFixed(1)} s`); // prettier-ignore
    const large = await pageMemory(cdp);
    note(`Renderer (workbench and panel) at ${few.toLocaleString('en')} flows`, `${mb(small.heap)}, ${small.nodes} nodes`); // prettier-ignore
    note(`Renderer at ${many.toLocaleString('en')} flows`, `${mb(large.heap)}, ${large.nodes} nodes`, 'independent of the flows'); // prettier-ignore
    note('Resident memory of the extension host, growth per flow', `${((hostMemory(editor) - hostBefore) / (many - few)).toFixed(0)} B`); // prettier-ignore

    await unfollow(panel);
    for (const [how, jump] of [['anywhere in the list, another place each frame', true], ['on, 200 pixels each frame', false]] as const) {
      const before = cpuTimes(editor);
      const { intervals, work } = await scroll(panel, jump);
      const after = cpuTimes(editor);
      const cpu = (of: 'page' | 'raster' | 'display'): string => `${(((after[of] - before[of]) * 1000) / (framesPerRun + warmUpFrames)).toFixed(1)} ms`; // prettier-ignore
      note(`Frame while scrolling ${how}: p95 (p50, longest)`, `${percentile(intervals, 95)} ms (${percentile(intervals, 50)}, ${percentile(intervals, 100)})`, '≤ 16.7 ms'); // prettier-ignore
      note('… until the page\'s main thread is done with it, the workbench around it included: p95 (p50, longest)', `${percentile(work, 95)} ms (${percentile(work, 50)}, ${percentile(work, 100)})`); // prettier-ignore
      note('… CPU per frame: main thread; compositor and raster; display (software, as there is no GPU)', `${cpu('page')}; ${cpu('raster')}; ${cpu('display')}`); // prettier-ignore
    } // prettier-ignore
    note('From a jump to the rows of that place: p95 of 100', `${percentile(await jumps(panel), 95)} ms`);
    note('Sort by host, click to rows in order', `${await sortByHost(panel)} ms`);

    await panel.getByRole('button', { name: 'Follow the newest flow' }).click();
    await panel.locator(`#flow-${many}`).waitFor();
    for (const query of ['', 'port:443']) {
      await panel.getByRole('combobox', { name: 'Query' }).fill(query);
      await delay(2000);
      const before = cpuTimes(editor);
      const latency = await latencies(client, panel, many + 1 + (query ? perSecond * seconds : 0));
      note(`From opened in the proxy to its row visible, ${perSecond.toLocaleString('en')} flows/s for ${seconds} s${query ? `, filtered by \`${query}\`` : ''}: p99 (p50, longest)`, `${percentile(latency, 99)} ms (${percentile(latency, 50)}, ${percentile(latency, 100)})`, '≤ 150 ms'); // prettier-ignore
      const after = cpuTimes(editor);
      note('… CPU while it lasts: extension host, main thread of the page', `${(((after.host - before.host) / seconds) * 100).toFixed(0)} %, ${(((after.page - before.page) / seconds) * 100).toFixed(0)} %`); // prettier-ignore
    }
    await editor.screenshot('end');
  } finally {
    await proxy.close();
    await editor.close();
  }
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function subscriber(proxy: FakeProxy): Promise<FakeClient> {
  for (let i = 0; i < 600; i++) {
    const found = [...proxy.clients].find((c) => c.subscribed);
    if (found) return found;
    await delay(100);
  }
  throw new Error('the extension did not subscribe');
}

/** Flows [first, last], each opened and closed, as fast as they are taken. */
async function send(client: FakeClient, first: number, last: number): Promise<void> {
  const start = Date.now() * 1000 - last * 37;
  for (let id = first; id <= last;) {
    const pieces: Uint8Array[] = [];
    for (const end = Math.min(last, id + batch - 1); id <= end; id++) {
      const at = start + id * 37;
      pieces.push(openedFrame({ id, at }), closedFrame({ id, at: at + 3000 + (id % 5000) }));
    }
    if (!client.socket.write(Buffer.concat(pieces))) await new Promise((done) => client.socket.once('drain', done));
  }
}

const counted = (panel: FrameLocator, count: number): Promise<void> =>
  panel.getByText(`${count.toLocaleString('en')} flows`, { exact: true }).waitFor({ timeout: 120_000 });

/** The heap that is left after a collection, in bytes, and the nodes of all documents. */
async function pageMemory(cdp: CDPSession): Promise<{ heap: number; nodes: number }> {
  await cdp.send('Performance.enable');
  for (let i = 0; i < 3; i++) {
    await cdp.send('HeapProfiler.collectGarbage');
    await delay(300);
  }
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((m) => m.name === name)?.value ?? NaN;
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes') };
}

function hostPid(editor: Editor): number {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return ''; // it has ended meanwhile
    }
  };
  const found = readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) &&
      read(pid, 'cmdline').includes('--type=extensionHost') &&
      read(pid, 'environ').includes(`XDG_RUNTIME_DIR=${editor.runtimeDir}\0`),
  );
  if (!found) throw new Error('no extension host');
  return Number(found);
}
interface CpuTimes {
  readonly host: number;
  /** Of the page's renderer: its main thread, and its others. */
  readonly page: number;
  readonly raster: number;
  /** The process that puts the frames together: without a GPU it draws them too. */
  readonly display: number;
}
/** CPU time so far, in seconds. */
function cpuTimes(editor: Editor): CpuTimes {
  const seconds = (stat: string): number => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  const host = seconds(readFileSync(`/proc/${hostPid(editor)}/stat`, 'latin1'));
  let [page, raster, display] = [0, 0, 0];
  for (const pid of family(process.pid))
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const all = seconds(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      const main = seconds(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1'));
      if (command.includes('--type=gpu-process')) display = all;
      else if (command.includes('--type=renderer') && main > page) [page, raster] = [main, all - main];
    } catch {
      // it has ended meanwhile
    }
  return { host, page, raster, display };
}
const hostMemory = (editor: Editor): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${hostPid(editor)}/status`, 'latin1'))?.[1]) * 1024;

/** As the extension's log has it. */
function activation(editor: Editor): string {
  const logs = path.join(editor.profile, 'server');
  for (const file of readdirSync(logs, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('Flowtap.log')) continue;
    const found = /activated in ([\d.]+) ms/.exec(readFileSync(path.join(logs, file), 'utf8'))?.[1];
    if (found) return found;
  }
  return '?';
}

async function unfollow(panel: FrameLocator): Promise<void> {
  const button = panel.getByRole('button', { name: 'Follow the newest flow' });
  if ((await button.getAttribute('aria-pressed')) === 'true') await button.click();
}

/** Times between frames, and what the page's main thread did for each, until it was painted, in milliseconds. */
function scroll(panel: FrameLocator, jump: boolean): Promise<{ intervals: number[]; work: number[] }> {
  return panel.locator('.viewport').evaluate(
    async (viewport, { frames, anywhere, warmUp }) => {
      const intervals: number[] = [];
      const work: number[] = [];
      const range = viewport.scrollHeight - viewport.clientHeight;
      viewport.scrollTop = range / 3;
      const channel = new MessageChannel();
      let began = 0;
      channel.port1.onmessage = () => work.push(performance.now() - began); // runs after the frame's paint
      let last = 0;
      for (let i = -warmUp; i < frames; i++) {
        const now = await new Promise<number>((done) => requestAnimationFrame(done));
        began = performance.now();
        if (i > 0) {
          intervals.push(now - last);
          channel.port2.postMessage(0);
        }
        last = now;
        viewport.scrollTop = anywhere ? Math.random() * range : viewport.scrollTop + 200;
      }
      return { intervals, work };
    },
    { frames: framesPerRun, anywhere: jump, warmUp: warmUpFrames },
  );
}

/** From a jump until all rows in view are there. */
function jumps(panel: FrameLocator): Promise<number[]> {
  return panel.locator('.viewport').evaluate(async (viewport) => {
    const times: number[] = [];
    const range = viewport.scrollHeight - viewport.clientHeight;
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
    for (let i = 0; i < 100; i++) {
      viewport.scrollTop = Math.random() * range;
      const start = performance.now();
      await frame();
      await frame();
      while (viewport.querySelector('.row.loading:not([hidden])')) await frame();
      times.push(performance.now() - start);
    }
    return times;
  });
}

async function sortByHost(panel: FrameLocator): Promise<string> {
  await panel.getByRole('columnheader', { name: /Host/ }).waitFor();
  return panel.locator('.table').evaluate(async (table) => {
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
    const start = performance.now();
    table.querySelector<HTMLElement>('[data-column="host"]')!.click();
    while (!table.querySelector('[data-column="host"][aria-sort="ascending"]') || table.getAttribute('aria-busy') === 'true') await frame(); // prettier-ignore
    return (performance.now() - start).toFixed(0);
  });
}

/** Sends flows at a steady rate, and tells of each how long it was until its row, or a newer one, had been painted. */
async function latencies(client: FakeClient, panel: FrameLocator, first: number): Promise<number[]> {
  const watching = panel.locator('.viewport').evaluate(
    async (viewport, time) => {
      const seen: [number, number][] = [];
      const end = performance.now() + time;
      let newest = 0;
      while (performance.now() < end) {
        // What is found at the beginning of a frame was painted with the one before.
        await new Promise((done) => requestAnimationFrame(done));
        const before = newest;
        for (const row of viewport.querySelectorAll('.row:not([hidden])'))
          newest = Math.max(newest, Number(row.id.slice('flow-'.length)) || 0);
        if (newest > before) seen.push([Date.now(), newest]); // the clock of the machine, as the proxy's
      }
      return seen;
    },
    (seconds + 2) * 1000,
  );
  const opened: number[] = [];
  const begin = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - begin) / 1000) * perSecond));
    const pieces: Uint8Array[] = [];
    const now = Date.now();
    for (; sent < due; sent++) {
      opened.push(now);
      const at = now * 1000;
      pieces.push(openedFrame({ id: first + sent, at }));
      // Each ends 200 flows later.
      const ended = first + sent - 200;
      if (ended >= first) pieces.push(closedFrame({ id: ended, at }));
    }
    if (pieces.length > 0) client.socket.write(Buffer.concat(pieces));
    await delay(2);
  }
  const last: Uint8Array[] = [];
  for (let id = first + perSecond * seconds - 200; id < first + perSecond * seconds; id++)
    last.push(closedFrame({ id, at: Date.now() * 1000 }));
  client.socket.write(Buffer.concat(last));
  const seen = await watching;
  const found: number[] = [];
  let at = 0;
  opened.forEach((openedAt, i) => {
    while (at < seen.length && seen[at]![1] < first + i) at++;
    if (at < seen.length) found.push(seen[at]![0] - openedAt);
  });
  if (found.length < opened.length * 0.99) throw new Error(`only ${found.length} of ${opened.length} flows were seen`);
  return found;
}
