import assert from 'node:assert/strict';
import type { SessionState } from '../../../../src/endpoint/session.ts';
import { Reader, Welcome } from '../../../../gen/flow_pb.ts';
import { endpointIcon, endpointState } from '../../../../src/editor/endpoints/describe.ts';
import { problem } from '../../../../src/proxy/problems.ts';

const t = (text: string, ...args: unknown[]): string => text.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)]));
const lost = problem('proxy-gone', 'x'.repeat(5000));
const states: readonly [SessionState, RegExp, string][] = [
  [
    { kind: 'live', welcome: { ...Welcome.decode(Reader.create(new Uint8Array(0))), pid: 7 }, status: undefined },
    /pid 7$/,
    'pass',
  ],
  [{ kind: 'connecting' }, /^connecting$/, 'circle-outline'],
  [{ kind: 'stopped', waiting: true }, /nobody serves/, 'circle-outline'],
  [{ kind: 'lost', problem: lost }, /^The connection to the proxy broke: x+/, 'warning'],
  [{ kind: 'refused', problem: problem('refused', 'no'), versions: [] }, /no/, 'warning'],
  [{ kind: 'unavailable', problem: problem('peer-refused', 'mode 0755') }, /mode 0755/, 'warning'],
];

describe('the state of an endpoint', () => {
  for (const [state, text, icon] of states)
    it(`is told when it is ${state.kind}`, () => {
      assert.match(endpointState(state, t), text);
      assert.equal(endpointIcon(state), icon);
    });

  it('is cut where another program wrote it', () =>
    assert.ok(endpointState({ kind: 'lost', problem: lost }, t).length < 310));
});
