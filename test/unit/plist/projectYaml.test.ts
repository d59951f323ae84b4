import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseYamlProject } from '../../../src/plist/projectYaml.ts';
import { entry, lookup } from '../../../src/plist/value.ts';

describe('project descriptions in YAML', () => {
  const text = 'base: &b\n  A: one\n  B: "two"\nown:\n  <<: *b\n  B: three\n  C: [true, 4]\n';
  const { root, errors } = parseYamlProject(text);

  it('gives values with their places', () => {
    assert.deepEqual(errors, []);
    const quoted = lookup(root, 'base', 'B');
    assert.equal(text.slice(quoted!.range.start, quoted!.range.end), '"two"');
    assert.equal(text.slice(quoted!.inner.start, quoted!.inner.end), 'two');
    const key = entry(root, 'own')!;
    assert.equal(text.slice(key.keyRange.start, key.keyRange.end), 'own');
  });
  it('merges maps, the own value first', () => {
    const value = (...path: string[]): unknown => {
      const found = lookup(root, ...path);
      return found?.kind === 'string' ? found.value : found?.kind;
    };
    assert.equal(value('own', 'A'), 'one');
    assert.equal(value('own', 'B'), 'three');
    assert.equal(value('own', 'C'), 'array');
  });
  it('bounds what aliases grow to', () => {
    let bomb = 'a: &a [x,x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 12; i++)
      bomb += `${'abcdefghijklmno'[i]}: &${'abcdefghijklmno'[i]} [${`*${'abcdefghijklmno'[i - 1]},`.repeat(10)}]\n`;
    assert.ok(parseYamlProject(bomb));
  });
  it('takes any text', () => {
    assert.ok(parseYamlProject(`${'['.repeat(50_000)}`).errors.length > 0);
    assert.ok(parseYamlProject('a'.repeat(3_000_000)).errors.length > 0);
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '}', '&', '*', '!', '"', "'", '|', '%'),
        }),
        (t) => void parseYamlProject(t),
      ),
    );
  });
});
