import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Failure } from '../../../src/cli/failure.ts';
import { FileOutput, StreamOutput } from '../../../src/cli/output.ts';
import { brokenPipe } from '../../support/cli-context.ts';
import { Scripts } from '../../support/scripts.ts';

describe('output', () => {
  it('stops quietly when the reader leaves, and tells', async () => {
    const output = new StreamOutput(brokenPipe());
    let told = 0;
    output.onDidClose(() => told++);
    output.write('a');
    await output.drained();
    output.write('b');
    assert.deepEqual([output.closed, told, output.failure], [true, 1, undefined]);
    output.onDidClose(() => told++);
    assert.equal(told, 2);
  });

  it('remembers why it cannot be written to', async () => {
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left')) });
    const output = new StreamOutput(full);
    output.write('a');
    await output.drained();
    assert.match(output.failure?.message ?? '', /no space/);
  });

  it('is drained when everything was taken', async () => {
    const stream = new PassThrough();
    const output = new StreamOutput(stream);
    output.write('abc');
    await output.drained();
    assert.equal(String(stream.read()), 'abc');
  });

  describe('to a file', () => {
    let scripts: Scripts;
    beforeEach(() => (scripts = new Scripts()));
    afterEach(() => scripts.remove());

    it('is there at once, in place of what was there', () => {
      const file = path.join(scripts.folder, 'out');
      fs.writeFileSync(file, 'something longer than that');
      const output = new FileOutput(file, 125, assert.fail);
      output.write('one\n');
      assert.equal(fs.readFileSync(file, 'utf8'), 'one\n');
      output.write('zwö\n');
      assert.equal(fs.readFileSync(file, 'utf8'), 'one\nzwö\n');
    });

    it('fails where it cannot be made', () => {
      assert.throws(
        () => new FileOutput(path.join(scripts.folder, 'no', 'file'), 125, assert.fail),
        (e: unknown) => e instanceof Failure && e.status === 125 && /ENOENT/.test(e.message),
      );
    });

    it('complains once when the disk is full', function () {
      if (!fs.existsSync('/dev/full')) this.skip();
      const said: string[] = [];
      const output = new FileOutput('/dev/full', 125, (text) => said.push(text));
      output.write('a');
      output.write('b');
      assert.equal(said.length, 1);
      assert.match(said[0] ?? '', /\/dev\/full any more: ENOSPC/);
    });
  });
});
