import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseXcconfig } from '../../../src/plist/xcconfig.ts';

describe('xcconfig files', () => {
  const text = `#include "Base.xcconfig" // shared
#include? "Own.xcconfig"
NAME = a b // comment
OTHER[sdk=macosx*,arch=arm64][config=Debug] = $(inherited) -x;
EMPTY =
no assignment
`;
  const lines = parseXcconfig(text);

  it('gives includes and assignments with their places', () => {
    assert.deepEqual(
      lines.map((l) => (l.kind === 'include' ? [l.path, l.optional] : [l.name, l.value])),
      [
        ['Base.xcconfig', false],
        ['Own.xcconfig', true],
        ['NAME', 'a b'],
        ['OTHER', '$(inherited) -x'],
        ['EMPTY', ''],
      ],
    );
    for (const line of lines) {
      const range = line.kind === 'include' ? line.pathRange : line.valueRange;
      assert.equal(text.slice(range.start, range.end), line.kind === 'include' ? line.path : line.value);
    }
  });
  it('reads conditions in one bracket and in several', () => {
    const other = lines.find((l) => l.kind === 'assignment' && l.name === 'OTHER');
    assert.deepEqual(other?.kind === 'assignment' && other.conditions.map((c) => `${c.key}=${c.pattern}`), [
      'sdk=macosx*',
      'arch=arm64',
      'config=Debug',
    ]);
  });
  it('takes any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', '[', ']', '#', '"', '/', '\n', '\r', ' ', '$') }),
        (t) => void parseXcconfig(t),
      ),
    );
  });
});
