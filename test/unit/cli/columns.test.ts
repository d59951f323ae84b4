import assert from 'node:assert/strict';
import { printable, tableText } from '../../../src/cli/columns.ts';
import { destinationText } from '../../../src/cli/flowTable.ts';
import type { Flow } from '../../../src/flow/model.ts';

describe('text in columns', () => {
  it('aligns cells and ends lines without spaces', () => {
    const columns = [
      { title: 'A', align: 'left' },
      { title: 'NUMBER', align: 'right' },
      { title: 'B', align: 'left', width: 5 },
    ] as const;
    assert.equal(
      tableText(columns, [
        ['x', '1', ''],
        ['längster', '1234567', 'y'],
        ['👩‍👩‍👧', '2', 'z'],
      ]),
      ['A          NUMBER  B', 'x               1', 'längster  1234567  y', '👩‍👩‍👧               2  z', ''].join('\n'),
    );
    assert.equal(tableText(columns, [['a', 'b', 'c']], false), 'a       b  c\n');
  });

  it('shows what would steer a terminal', () => {
    assert.equal(printable('a\u001b]0;x\u0007\n\u202eb\u2028'), 'a\ufffd]0;x\ufffd\ufffd\ufffdb\ufffd');
    assert.equal(printable('grün'), 'grün');
  });

  it('names destinations by host, address, or the peer that came in', () => {
    const flow = {
      host: '',
      inbound: false,
      source: { address: '192.0.2.9', port: 5 },
      destination: { address: '2001:db8::1', port: 443 },
    } as Flow;
    assert.equal(destinationText(flow), '[2001:db8::1]:443');
    assert.equal(destinationText({ ...flow, host: 'example.com' }), 'example.com:443');
    assert.equal(destinationText({ ...flow, host: '2001:db8::1' }), '[2001:db8::1]:443');
    assert.equal(destinationText({ ...flow, inbound: true }), '← 192.0.2.9:5');
  });
});
