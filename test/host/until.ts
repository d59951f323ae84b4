import assert from 'node:assert/strict';

const patience = 20_000;

/** Polls, since nothing tells when a chain of asynchronous steps has ended. */
export const until = <T>(what: string, probe: () => T | undefined | false): Promise<T> =>
  untilAsync(what, async () => probe());

export async function untilAsync<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  for (const started = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() - started < patience, `waited in vain for ${what}`);
  }
}
