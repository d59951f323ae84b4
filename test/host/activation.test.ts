import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const id = 'flowtap.flowtap';

describe('the extension in the host', () => {
  it('activates', async () => {
    const extension = vscode.extensions.getExtension(id);
    assert.ok(extension, `${id} is not known to the host`);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('has registered every command of its manifest', async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const contributed: { command: string }[] = vscode.extensions.getExtension(id)?.packageJSON.contributes.commands;
    assert.ok(contributed.length > 0);
    assert.deepEqual(
      contributed.map((c) => c.command).filter((command) => !known.has(command)),
      [],
    );
  });
});
