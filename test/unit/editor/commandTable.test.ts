import assert from 'node:assert/strict';
import { CommandTable } from '../../../src/editor/commandTable.ts';

describe('the table of commands', () => {
  it('lets a command that is called early wait for its feature', async () => {
    let set = (): void => undefined;
    const settled = new Promise<void>((done) => (set = done));
    const table = new CommandTable(() => settled);
    const early = table.run('flowtap.openPanel', [1, 2]);
    table.set('flowtap.openPanel', (a: number, b: number) => a + b);
    set();
    assert.equal(await early, 3);
  });

  it('does not wait for the others', async () => {
    const table = new CommandTable(() => new Promise(() => undefined));
    table.set('flowtap.clear', () => 'cleared');
    assert.equal(await table.run('flowtap.clear', []), 'cleared');
  });

  it('says so where the feature could not be loaded', async () => {
    const table = new CommandTable(() => Promise.resolve());
    await assert.rejects(table.run('flowtap.clear', []), /flowtap\.clear could not be loaded/);
  });

  it('refuses a second owner', () => {
    const table = new CommandTable(() => Promise.resolve());
    table.set('flowtap.clear', () => undefined);
    assert.throws(() => table.set('flowtap.clear', () => undefined), /two features/);
  });
});
