// docs/query.md says what the language does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fields } from '../../../../src/flow/query/fields.ts';
import { parseQuery } from '../../../../src/flow/query/parse.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/query.md'), 'utf8');

describe('docs/query.md', () => {
  it('has examples that are understood', () => {
    const examples = /```\n([^]*?)```/.exec(page)![1]!.trim().split('\n').map((line) => line.split(/ {2,}/)[0]!); // prettier-ignore
    assert.ok(examples.length > 8);
    for (const example of examples) assert.equal(parseQuery(example).error, undefined, example);
  });

  it('lists every field with its other names, and no other', () => {
    const rows = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, names]) => names!.replaceAll('`', ''));
    assert.deepEqual(
      rows,
      fields.map((f) => [f.name, ...(f.aliases ?? [])].join(', ')),
    );
  });
});
