import assert from 'node:assert/strict';
import fs from 'node:fs';
import { blindSpot, knownBlindSpots } from '../../../../src/editor/proxy/blindSpots.ts';

describe('blind spots in the editor', () => {
  it('are all that the proxy can name, by its very words', () => {
    const source = fs.readFileSync('sysext/linux/blind_spots.cc', 'utf8').replace(/#include.*/g, '');
    const said = [...source.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/g)].map(([text]) =>
      text
        .replace(/"\s*\n\s*"/g, '')
        .slice(1, -1)
        .replaceAll('\\"', '"'),
    );
    assert.ok(said.length > 8);
    assert.deepEqual(new Set(said), new Set(knownBlindSpots));
  });

  it('are translated where they are known, and shown as they are otherwise', () => {
    assert.equal(
      blindSpot(knownBlindSpots[0]!, (text) => `<${text}>`),
      `<${knownBlindSpots[0]}>`,
    );
    assert.equal(
      blindSpot('Something new.', (text) => `<${text}>`),
      'Something new.',
    );
  });
});
