// The panel of flows, as a person sees it: its page is a frame in a frame.
import type { FrameLocator, Locator, Page } from 'playwright-core';

export class FlowPanelPage {
  readonly frame: FrameLocator;

  /** The newest page, where several are open. */
  constructor(page: Page) {
    this.frame = page.frameLocator('iframe.webview.ready >> nth=-1').frameLocator('iframe#active-frame');
  }

  get grid(): Locator {
    return this.frame.getByRole('grid', { name: 'Flows' });
  }
  get query(): Locator {
    return this.frame.getByRole('combobox', { name: 'Query' });
  }
  get detail(): Locator {
    return this.frame.getByRole('region', { name: 'Flow detail' });
  }
  get strip(): Locator {
    return this.frame.getByRole('slider', { name: 'Timeline' });
  }
  get viewport(): Locator {
    return this.frame.locator('.viewport');
  }
  /** Rows with this text. */
  row(text: string): Locator {
    return this.frame.getByRole('row').filter({ hasText: text });
  }
  /** A row by its place, from 0; it must be in view. */
  rowAt(index: number): Locator {
    return this.frame.locator(`.row[aria-rowindex="${index + 2}"]:not([hidden])`);
  }
  header(title: string): Locator {
    return this.frame.getByRole('columnheader', { name: new RegExp(`^${title}`) });
  }
  menuItem(name: string): Locator {
    return this.frame.getByRole('menuitem', { name });
  }
  /** Waits for the words of the bar: "5 flows", "1 of 5 flows". */
  async counts(text: string, timeout = 30_000): Promise<void> {
    await this.frame.locator('.count').getByText(text, { exact: true }).waitFor({ timeout });
  }
  async tab(name: string): Promise<void> {
    await this.detail.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
  }
  /** Brings a row to the top of the view. */
  async scrollTo(index: number): Promise<void> {
    await this.viewport.evaluate((v, to) => (v.scrollTop = to * 22), index);
  }
}

/** Asks until it holds; for what no locator can wait for. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
