// Nothing that a folder can hold makes the model throw or hang.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { filesOf } from '../../../src/project/files.ts';
import { lintProject } from '../../../src/project/lint.ts';
import { signingNodes } from '../../../src/editor/signing/model.ts';
import { Workspace } from '../../../src/project/workspace.ts';
import { fixture, lintFiles } from '../../support/project.ts';
import type { Files } from '../../support/project.ts';
import { filesOfSound, sound, spoilt } from '../../support/sound.ts';

const seed = fixture('seed');
const look = (files: Files): void => {
  const workspace = new Workspace(filesOf(files));
  const { findings } = lintProject(workspace, { now: new Date(0) });
  for (const f of findings) {
    const length = workspace.textOf(f.file)?.length ?? 0;
    assert.ok(
      f.range.start >= 0 && f.range.start <= f.range.end && f.range.end <= length,
      `${f.rule} ${f.file} ${JSON.stringify(f.range)}`,
    );
  }
  signingNodes(workspace.model, findings, (text) => text);
};

describe('a hostile project', () => {
  it('may have any of its files cut, mixed and garbled', () => {
    const names = fc.constantFrom(...Object.keys(seed));
    const piece = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '<',
      '>',
      '</',
      '"',
      '$(',
      ')',
      '\0',
      '<<<<<<< HEAD\n',
      '\ufeff',
      '\r',
      '/*',
      'isa = PBXNativeTarget;',
      '$(inherited)',
    );
    fc.assert(
      fc.property(
        names,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        piece,
        (name, from, to, insert) => {
          const text = seed[name] ?? '';
          const [a, b] = [Math.floor(from * text.length), Math.floor(to * text.length)];
          look({ ...seed, [name]: text.slice(0, Math.min(a, b)) + insert + text.slice(Math.max(a, b)) });
        },
      ),
      { numRuns: 250 },
    );
  }).timeout(60_000);

  it('may refer to objects that are unknown, of another kind, or itself', () => {
    const project = (objects: string): Files => ({
      ...seed,
      'Seed.xcodeproj/project.pbxproj': `{ objects = { ${objects} }; rootObject = R; }`,
    });
    for (const objects of [
      '',
      'R = x;',
      'R = { isa = PBXProject; targets = (R, T, U); mainGroup = R; buildConfigurationList = R; };',
      'R = { isa = PBXProject; targets = (T); mainGroup = G; buildConfigurationList = T; }; G = { isa = PBXGroup; children = (G, H); path = ".."; }; H = { isa = PBXGroup; children = (G); path = "../../../etc"; }; T = { isa = PBXNativeTarget; name = (a); buildPhases = (T, G, { a = b; }); dependencies = (T); buildConfigurationList = C; fileSystemSynchronizedGroups = (T, G); }; C = { buildConfigurations = (C, R); };',
      'R = { isa = PBXProject; targets = (T); }; T = { isa = PBXNativeTarget; productType = "com.apple.product-type.from-the-future"; buildConfigurationList = L; }; L = { buildConfigurations = (B); }; B = { name = Debug; buildSettings = { CODE_SIGN_ENTITLEMENTS = "$(SRCROOT)/../../../../etc/passwd"; INFOPLIST_FILE = "/etc/passwd"; A = "$(A)$(B)"; B = "$(A)$(B)"; PRODUCT_NAME = "$(A)"; }; };',
    ])
      look(project(objects));
  });

  it('reads nothing outside its root', () => {
    const asked: string[] = [];
    const files = filesOf(
      spoilt((s) =>
        Object.assign(s.appSettings, {
          CODE_SIGN_ENTITLEMENTS: '../secret.entitlements',
          INFOPLIST_FILE: '/etc/passwd',
        }),
      ),
    );
    const spy = {
      list: () => files.list(),
      read: (p: string) => (asked.push(p), files.read(p)),
      readBytes: (p: string) => (asked.push(p), files.readBytes?.(p)),
    };
    lintProject(new Workspace(spy));
    assert.deepEqual(
      asked.filter((p) => p.startsWith('/') || p.includes('..')),
      [],
    );
  });

  it('may lose files while it is read', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), (there) => {
        const files = filesOf(seed);
        const sometimes = <T>(value: T): T | undefined => (there.next().value ? value : undefined);
        const workspace = new Workspace({
          list: () => files.list(),
          read: (p) => sometimes(files.read(p)),
          readBytes: (p) => sometimes(files.readBytes?.(p)),
        });
        lintProject(workspace);
      }),
      { numRuns: 200 },
    );
  });

  it('may hold a profile that is none, and binary rubbish under every name', () => {
    const bytes = new Uint8Array(512).map((_, i) => (i * 37) & 255);
    const names = Object.keys(seed);
    look({ ...seed, 'App/App.provisionprofile': bytes, 'x.mobileprovision': new Uint8Array() });
    look(Object.fromEntries(names.map((n) => [n, bytes])));
    look(Object.fromEntries(names.map((n) => [n, new Uint8Array()])));
  });

  it('may have a .flowtaprc that makes no sense', () => {
    for (const text of [
      '{',
      '[]',
      '{"rules": 1}',
      '{"rules": {"X": "off", "ENT001": "loud", "SRC001": false}}',
      '\0',
      '&a [*a]',
    ]) {
      const findings = lintFiles({ ...seed, '.flowtaprc': text });
      assert.ok(findings.length > 0);
    }
    assert.equal(
      lintFiles({ ...seed, '.flowtaprc': '{"rules": {"SRC001": false}}' }).filter((f) => f.rule === 'SRC001').length,
      0,
    );
  });

  it('says of a project file with conflict markers that it cannot be read, and guesses nothing', () => {
    const files = filesOfSound(sound());
    const name = 'Proxy.xcodeproj/project.pbxproj';
    const torn = String(files[name]).replace('targets = (', '<<<<<<< HEAD\n targets = (');
    const result = lintProject(new Workspace(filesOf({ ...files, [name]: torn })));
    assert.ok(result.problems.some((p) => p.includes(name)));
    assert.deepEqual(
      result.findings.filter((f) => /^(X|SRC|INF)/.test(f.rule)),
      [],
    );
  });
});
