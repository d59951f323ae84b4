import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Welcome } from '../../../gen/flow_pb.ts';
import { editorState, isProblem, type AppState } from '../../../src/editor/state.ts';
import { stateTitle } from '../../../src/editor/proxy/describe.ts';
import { loadBridge } from '../../../src/endpoint/bridge.ts';
import type { SessionState } from '../../../src/endpoint/session.ts';
import { platformSupport } from '../../../src/proxy/platform.ts';
import type { Stage, StageName } from '../../../src/proxy/app.ts';
import { problem, type ProblemCode } from '../../../src/proxy/problems.ts';
import { stateKinds } from '../../../src/protocol/ids.ts';
import { t } from './sidebar/flows.ts';

const linux = platformSupport('linux', 'x64');

describe('the state that the views show', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-state-'));
  after(() => rmSync(folder, { recursive: true }));

  /** The state where the bridge is this file. */
  const withBridge = (name: string, content?: Uint8Array): ReturnType<typeof editorState> => {
    const file = path.join(folder, name);
    if (content) writeFileSync(file, content);
    const loaded = loadBridge(file);
    assert.ok(loaded.kind !== 'loaded');
    const code = loaded.kind === 'missing' ? 'bridge-missing' : 'bridge-unusable';
    return editorState({ kind: 'unavailable', problem: problem(code, loaded.text) }, linux);
  };

  it('tells a bridge that is missing, for another platform, and damaged apart', () => {
    const elf = new Uint8Array(64);
    elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    elf[18] = 243; // e_machine: RISC-V
    const states = [
      withBridge('none.node'),
      withBridge('riscv.node', elf),
      withBridge('rubbish.node', Buffer.from('rubbish')),
    ];
    assert.deepEqual(
      states.map((s) => s.kind),
      ['addonMissing', 'addonForeign', 'addonBroken'],
    );
    for (const { problem: p } of states) assert.ok(p?.text.includes(folder), p?.text);
  });

  it('keeps saying that the platform is unsupported, whatever the session says', () => {
    const { kind, problem: why } = editorState({ kind: 'connecting' }, platformSupport('win32', 'x64'));
    assert.equal(kind, 'unsupported');
    assert.match(why?.text ?? '', /win32/);
  });

  it('has a problem to show exactly where something is wrong', () => {
    const trouble = problem('proxy-gone', 'gone');
    const states: SessionState[] = [
      { kind: 'stopped', waiting: true },
      { kind: 'starting' },
      { kind: 'connecting' },
      { kind: 'lost', problem: trouble },
      { kind: 'refused', problem: trouble, versions: [2] },
      { kind: 'unavailable', problem: problem('start-failed', 'no') },
      { kind: 'unavailable', problem: problem('peer-refused', 'mode') },
      { kind: 'unavailable', problem: problem('needs-app') },
    ];
    const shown = states.map((s) => editorState(s, linux));
    assert.deepEqual(
      shown.map((s) => s.kind),
      ['stopped', 'starting', 'connecting', 'lost', 'refused', 'startFailed', 'refused', 'needsApp'],
    );
    for (const { kind, problem: p } of shown) if (isProblem(kind)) assert.ok(p, kind);
  });

  it('has a title for every kind', () => {
    const titles = stateKinds.map((kind) => stateTitle(kind, t));
    assert.equal(new Set(titles).size, stateKinds.length);
  });

  describe('on macOS', () => {
    const mac = platformSupport('darwin', 'arm64');
    const at = (stage: StageName, state: Stage['state'] = 'failed', code = ''): AppState => ({
      kind: 'there',
      broken: { stage, state, code, text: 'What is wrong.', next: 'What to do.', open: '' },
    });
    const stopped = { kind: 'stopped', waiting: true } as const;

    it('is the first stage that is not in order, in the words of the app', () => {
      for (const [app, expected] of [
        [{ kind: 'absent' }, 'needsApp'],
        [at('installed'), 'needsActivation'],
        [at('installed', 'failed', 'restart-needed'), 'needsRestart'],
        [at('approved', 'waiting'), 'awaitsApproval'],
        [at('enabled'), 'switchedOff'],
        [at('reachable'), 'unreachable'],
        [at('reachable', 'failed', 'stale-registration'), 'needsRestart'],
      ] as const) {
        const state = editorState(stopped, mac, app);
        assert.equal(state.kind, expected);
        if (app.kind === 'there') assert.deepEqual(state.problem?.text, 'What is wrong.');
      }
    });

    it('is stopped where the proxy only does not run', () => {
      for (const app of [at('connected'), at('enabled', 'failed', 'not-configured'), { kind: 'there' } as const])
        assert.equal(editorState(stopped, mac, app).kind, 'stopped');
    });

    it('is running where it is connected, whatever was told before', () => {
      const live = { kind: 'live', welcome: Welcome.make({}), status: undefined } as const;
      assert.equal(editorState(live, mac, at('approved', 'waiting')).kind, 'running');
    });

    it('asks for consent where the proxy knows no token of this editor', () => {
      const unavailable = (code: ProblemCode): SessionState => ({ kind: 'unavailable', problem: problem(code) });
      assert.equal(editorState(unavailable('needs-grant'), mac, { kind: 'there' }).kind, 'needsGrant');
      assert.equal(editorState(unavailable('app-stage'), mac, at('enabled')).kind, 'switchedOff');
    });

    it('means nothing elsewhere', () => {
      assert.equal(editorState(stopped, linux, { kind: 'absent' }).kind, 'stopped');
    });
  });
});
