import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FileCache } from '../../../src/project/cache.ts';
import { filesOf } from '../../../src/project/files.ts';
import { xcconfigLevel } from '../../../src/project/levels.ts';
import { BuildSettings } from '../../../src/project/settings.ts';
import type { Level } from '../../../src/project/settings.ts';

const level = (text: string): Level => xcconfigLevel(new FileCache(filesOf({ 'a.xcconfig': text })), 'a.xcconfig');
const settings = (...texts: readonly string[]): BuildSettings =>
  new BuildSettings(texts.map(level), {
    configuration: 'Release',
    sdk: 'macosx',
    builtIn: new Map([['TARGET_NAME', 'My Target']]),
  });

describe('build settings', () => {
  for (const [name, levels, expected] of [
    ['take the highest level', ['A = 1', 'A = 2'], '1'],
    ['inherit from the level below', ['A = $(inherited) x', 'A = $(inherited)y', 'A = z'], 'zy x'],
    ['inherit by the own name', ['A = $(A) x', 'A = y'], 'y x'],
    ['resolve names late, from the top', ['B = top', 'A = $(B)\nB = low'], 'top'],
    ['resolve names within names', ['A = $(X_$(CONF))\nCONF = rel\nX_rel = right'], 'right'],
    ['read braces', ['A = ${B}\nB = 1'], '1'],
    ['take a default', ['A = $(NOPE:default=$(B))\nB = d'], 'd'],
    ['take no default where there is a value', ['A = $(B:default=d)\nB = v'], 'v'],
    ['know rfc1034identifier', ['A = $(TARGET_NAME:rfc1034identifier)'], 'My-Target'],
    ['know c99extidentifier', ['A = $(TARGET_NAME:c99extidentifier)'], 'My_Target'],
    ['chain operators', ['A = $(TARGET_NAME:lower:rfc1034identifier)'], 'my-target'],
    ['heed the platform', ['A[sdk=iphoneos*] = phone\nA[sdk=macosx*] = mac\nA = any'], 'mac'],
    ['heed a pinned SDK', ['A[sdk=macosx14.0] = mac\nA = any'], 'any'],
    ['heed the configuration', ['A[config=Debug] = d\nA = r'], 'r'],
    ['take the last of equals', ['A = 1\nA = 2'], '2'],
    ['leave a lone dollar', ['A = a$b $'], 'a$b $'],
    ['inherit nothing where there is nothing', ['A = $(inherited)x'], 'x'],
  ] as const)
    it(name, () => assert.equal(settings(...levels).value('A'), expected));

  it('leave what is unknown in the text and say so', () => {
    const s = settings('A = x.$(NOPE).y\nB = $(A)');
    assert.deepEqual([s.get('B')?.text, s.get('B')?.complete, s.value('B')], ['x.$(NOPE).y', false, undefined]);
    assert.equal(settings('A[arch=arm64] = 1\nA = 2').value('A'), undefined);
    assert.equal(settings('A[arch=arm64] = 2\nA = 2').value('A'), undefined);
    assert.equal(settings('A = $(B:unknownoperator)\nB = 1').value('A'), undefined);
  });
  it('end where names turn in a circle', () => {
    const s = settings('A = $(B)$(B)\nB = $(C)$(C)\nC = $(A)$(A)');
    assert.equal(s.value('A'), undefined);
    assert.equal(
      settings(Array.from({ length: 40 }, (_, i) => `V${i} = $(V${i + 1})$(V${i + 1})`).join('\n')).value('V0'),
      undefined,
    );
  });
  it('take any text', () => {
    const unit = fc.constantFrom(
      '$',
      '(',
      ')',
      '{',
      '}',
      ':',
      'A',
      'B',
      '=',
      '\n',
      ' ',
      'default=',
      'inherited',
      '[',
      ']',
    );
    fc.assert(fc.property(fc.string({ unit }), (text) => void settings(`A = ${text}`, text).get('A')));
  });
});
