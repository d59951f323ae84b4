import type { Locator, Page } from 'playwright-core';

const prompt = /[$#]\s*$/;

/** The integrated terminal that is shown, read through its DOM renderer. */
export class Terminal {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  get #rows(): Locator {
    return this.#page.locator('.terminal-wrapper.active .xterm-rows');
  }

  async text(): Promise<string> {
    const rows = await this.#rows.locator('> div').allInnerTexts();
    return rows
      .map((row) => row.replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  }

  /** Waits until the shell asks for a command. */
  async ready(timeout = 20_000): Promise<void> {
    await this.#rows.waitFor({ timeout });
    await this.waitFor(prompt, timeout);
  }

  async waitFor(pattern: RegExp, timeout = 20_000): Promise<string> {
    const until = Date.now() + timeout;
    for (;;) {
      const text = await this.text();
      if (pattern.test(text)) return text;
      if (Date.now() > until) throw new Error(`the terminal does not show ${pattern}; it shows:\n${text}`);
      await this.#page.waitForTimeout(50);
    }
  }

  /** Types a line and Enter, as a person would. */
  async type(line: string): Promise<void> {
    await this.#page.locator('.terminal-wrapper.active .xterm').click();
    await this.#page.locator('.terminal-wrapper.active .xterm.focus').waitFor();
    await this.#page.keyboard.type(line);
    await this.#page.keyboard.press('Enter');
  }
}
