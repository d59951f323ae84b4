import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { platformSupport } from '../../../src/proxy/platform.ts';
import { logPath, programsIn, runtimeFolder, socketPath } from '../../../src/proxy/paths.ts';

describe('places of the proxy', () => {
  const uid = process.getuid?.() ?? -1;
  let folder = '';
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flowtap-paths-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('has programs per platform', () => {
    const { daemon, launcher, addon } = programsIn('/opt/flowtap/dist', 'linux', 'arm64');
    assert.equal(daemon, '/opt/flowtap/dist/bin/linux-arm64/flowtapd');
    assert.equal(launcher, '/opt/flowtap/dist/bin/linux-arm64/flowtap-run');
    assert.equal(addon, '/opt/flowtap/dist/bin/linux-arm64/bridge.node');
  });

  it('takes FLOWTAP_RUNTIME_DIR, then XDG_RUNTIME_DIR, then a folder in /tmp', () => {
    assert.equal(runtimeFolder({ FLOWTAP_RUNTIME_DIR: '/x/y', XDG_RUNTIME_DIR: folder }), '/x/y');
    assert.equal(runtimeFolder({ XDG_RUNTIME_DIR: folder }), path.join(folder, 'flowtap'));
    assert.equal(runtimeFolder({}), `/tmp/flowtap-${uid}`);
    assert.equal(socketPath({ FLOWTAP_RUNTIME_DIR: '/x' }), '/x/proxy.sock');
    assert.equal(logPath({ FLOWTAP_RUNTIME_DIR: '/x' }), '/x/log');
  });

  it('does without an XDG_RUNTIME_DIR that cannot be used', () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    for (const unusable of [path.join(folder, 'none'), file, path.relative('.', folder), ''])
      assert.equal(runtimeFolder({ XDG_RUNTIME_DIR: unusable }), `/tmp/flowtap-${uid}`, unusable);
  });

  it('does without an XDG_RUNTIME_DIR of somebody else', function () {
    const others = uid === 0 ? folder : '/';
    if (uid === 0) fs.chownSync(folder, 12345, 12345);
    assert.equal(runtimeFolder({ XDG_RUNTIME_DIR: others }), `/tmp/flowtap-${uid}`);
  });

  it('knows where a proxy can run', () => {
    assert.equal(platformSupport('linux', 'x64').kind, 'daemon');
    const mac = platformSupport('darwin', 'arm64');
    assert.match(mac.kind === 'app' ? mac.problem.text + mac.problem.next : '', /Flowtap app.*Applications/s);
    for (const [platform, arch] of [
      ['win32', 'x64'],
      ['linux', 'mips'],
    ] as const) {
      const support = platformSupport(platform, arch);
      assert.match(support.kind === 'unsupported' ? support.problem.text : '', new RegExp(`${platform} on ${arch}`));
    }
  });
});
