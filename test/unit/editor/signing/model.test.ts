import assert from 'node:assert/strict';
import type { SigningNode } from '../../../../src/editor/signing/model.ts';
import { signingNodes } from '../../../../src/editor/signing/model.ts';
import { filesOf } from '../../../../src/project/files.ts';
import { lintProject } from '../../../../src/project/lint.ts';
import { Workspace } from '../../../../src/project/workspace.ts';
import { fixture } from '../../../support/project.ts';
import type { Files } from '../../../support/project.ts';
import { filesOfSound, sound, team } from '../../../support/sound.ts';

const words = (text: string, ...args: readonly (string | number)[]): string =>
  text.replace(/\{(\d)\}/g, (_, i: string) => String(args[Number(i)]));
const tree = (files: Files): readonly SigningNode[] => {
  const workspace = new Workspace(filesOf(files));
  return signingNodes(workspace.model, lintProject(workspace).findings, words);
};
const child = (node: SigningNode | undefined, label: string): SigningNode | undefined =>
  node?.children.find((c) => c.label === label);

describe('the tree of signing and endpoints', () => {
  const [sysex, app] = tree(filesOfSound(sound()));

  it('has the extension first, then its app', () => {
    assert.deepEqual([sysex?.label, sysex?.description, sysex?.open], ['Extension', 'system extension · macOS', true]);
    assert.equal(app?.label, 'App');
    assert.equal(sysex?.severity, undefined);
  });
  it('shows what is signed, with variables replaced', () => {
    const keys = child(sysex, 'Entitlements')?.children ?? [];
    const groups = keys.find((k) => k.label === 'com.apple.security.application-groups');
    assert.equal(groups?.description, `${team}.com.example.app`);
    assert.equal(groups?.location?.file, 'Ext/Ext.entitlements');
    assert.ok(keys.some((k) => k.icon === 'lock'));
  });
  it('shows the endpoint, who listens and who looks it up', () => {
    assert.equal(child(sysex, 'Endpoint')?.description, `${team}.com.example.app.xpc.7`);
    assert.equal(child(sysex, 'Listens')?.description, 'Listener.swift:12');
    assert.equal(child(app, 'Looks up')?.description, 'Client.swift:7');
  });
  it('shows the mistakes of the seed where they are', () => {
    const [extension, host] = tree(fixture('seed'));
    assert.equal(host?.severity, 'error');
    assert.ok(child(host, 'Listens'));
    assert.ok(child(extension, 'No NEMachServiceName'));
    const findings = child(host, 'Findings')?.children ?? [];
    assert.ok(findings.some((f) => f.description?.startsWith('SRC001') && f.location?.file === 'App/Server.m'));
  });
  it('has ids that are unique among siblings', () => {
    const check = (nodes: readonly SigningNode[]): void => {
      assert.equal(new Set(nodes.map((n) => n.id)).size, nodes.length, nodes.map((n) => n.id).join('\n'));
      for (const n of nodes) check(n.children);
    };
    check(tree(fixture('seed')));
    check(tree(filesOfSound(sound())));
  });
  it('says what is missing', () => {
    const s = sound();
    s.appSettings['CODE_SIGN_ENTITLEMENTS'] = 'Gone.entitlements';
    const [, broken] = tree(filesOfSound(s));
    assert.ok(child(broken, 'Entitlements: Gone.entitlements does not exist'));
  });
});
