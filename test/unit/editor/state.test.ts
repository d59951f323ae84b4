import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { editorState, isProblem } from '../../../src/editor/state.ts';
import { stateTitle } from '../../../src/editor/proxy/describe.ts';
import { loadBridge } from '../../../src/endpoint/bridge.ts';
import type { SessionState } from '../../../src/endpoint/session.ts';
import { platformSupport } from '../../../src/proxy/platform.ts';
import { problem } from '../../../src/proxy/problems.ts';
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
});
