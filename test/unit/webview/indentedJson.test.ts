import assert from 'node:assert/strict';
import fc from 'fast-check';
import { indentedJson } from '../../../src/webview/detail/indentedJson.ts';

describe('JSON that is laid out', () => {
  it('has a member or an element a line', () => {
    assert.equal(
      indentedJson(' {"a":[1,{"b":{}},[]],"c d":null}'),
      '{\n  "a": [\n    1,\n    {\n      "b": {}\n    },\n    []\n  ],\n  "c d": null\n}',
    );
  });
  it('is the same as the standard layout, for every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const standard = JSON.stringify(value, null, 2);
        const text = JSON.stringify(value, null, space);
        assert.equal(indentedJson(text) ?? text, standard);
      }),
    );
  });
  it('keeps numbers and strings as they were sent', () => {
    for (const sent of ['1e400', '-0.0', '12345678901234567890', '"\\u0041\\/\\"{,:"', '1.50'])
      assert.equal(indentedJson(`[${sent}]`), `[\n  ${sent}\n]`);
  });
  it('is not offered where it is no JSON, is laid out already, or would be past reading', () => {
    for (const text of ['', '{', '[1,]', 'hello', '{"a":1} x', '{}', '[\n  1\n]', '7'])
      assert.equal(indentedJson(text), undefined, text);
    assert.equal(indentedJson(`${'['.repeat(65)}${']'.repeat(65)}`), undefined);
    const wide = `${'['.repeat(60)}${'1,'.repeat(100_000)}1${']'.repeat(60)}`;
    assert.equal(indentedJson(wide), undefined);
  });
});
