// What the workbench in a browser has written down for its next start.
import type { Page } from 'playwright-core';
import { until } from './flow-panel.ts';

/**
 * Waits until the editors that the workbench would open again after a reload are remembered with these texts. It writes
 * them down when it is idle, every few seconds, and cannot while the page goes away; a reload before that opens what
 * was there earlier.
 */
export async function editorsAreStored(page: Page, texts: readonly string[]): Promise<void> {
  let stored = '';
  const isThere = async (): Promise<boolean> =>
    (stored = await storedEditors(page)) !== '' && texts.every((text) => stored.includes(text));
  await until(`the workbench writes down ${texts.join(' and ')}`, isThere, 120).catch((e: unknown) => {
    throw new Error(`${String(e)}; written down is:\n${stored}`);
  });
}

async function storedEditors(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const answer = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error ?? new Error('the database cannot be read'));
      });
    const found: string[] = [];
    for (const { name } of await indexedDB.databases()) {
      if (!name?.startsWith('vscode-web-state-db')) continue;
      const database = await answer(indexedDB.open(name));
      if (database.objectStoreNames.contains('ItemTable')) {
        const table = database.transaction('ItemTable').objectStore('ItemTable');
        found.push(String(await answer<unknown>(table.get('memento/workbench.parts.editor'))));
      }
      database.close();
    }
    return found.join('\n').replaceAll('\\', '');
  });
}
