import assert from 'node:assert/strict';
import { CaptureStatus, ProxyStatus, Welcome, Mode } from '../../../../gen/flow_pb.ts';
import { limitedMode, modeText, remedyCommands, statusText } from '../../../../src/editor/proxy/describe.ts';
import { problem } from '../../../../src/proxy/problems.ts';
import { t } from '../sidebar/flows.ts';

const counts = { size: 3, liveCount: 2, dropped: { frames: 0, bytes: 0 }, evicted: { flows: 0, bodyBytes: 0 } };

describe('the status in words', () => {
  it('names the way of capturing and what it cannot see', () => {
    const welcome = Welcome.make({
      version: 1,
      build: '9.9',
      mode: Mode.redirect,
      pid: 12,
      blindSpots: ['UDP is not seen.'],
    });
    const { title, detail } = statusText({ kind: 'running', welcome }, counts, t);
    assert.equal(title, 'The proxy is running');
    for (const part of ['redirect (TCP only)', 'build 9.9, pid 12', 'open: 2, held: 3', '• UDP is not seen.'])
      assert.ok(detail.includes(part), `${part} is missing in:\n${detail}`);
  });

  it('says what was left out and let go', () => {
    const lossy = { ...counts, dropped: { frames: 4, bytes: 5000 }, evicted: { flows: 7, bodyBytes: 2_000_000 } };
    const { detail } = statusText({ kind: 'running', status: ProxyStatus.make({ captures: 1 }) }, lossy, t);
    for (const part of ['5.0 kB', 'forgotten: 7', '2.0 MB']) assert.ok(detail.includes(part), detail);
  });

  it('begins with the problem and what to do', () => {
    const { detail } = statusText(
      { kind: 'refused', problem: problem('version-refused', 'proxy 2, client 1') },
      counts,
      t,
    );
    assert.match(detail, /^Proxy and client speak different versions: proxy 2, client 1\nUpdate the older of the two/);
  });

  it('names the mode of each capture, and the lowest one in the list of connections', () => {
    const open = (...modes: Mode[]): ProxyStatus =>
      ProxyStatus.make({ openCaptures: modes.map((mode) => CaptureStatus.make({ mode, command: ['npm', 'test'] })) });
    const welcome = Welcome.make({ mode: Mode.tproxy });
    const { detail } = statusText({ kind: 'running', welcome, status: open(Mode.explicit) }, counts, t);
    assert.ok(detail.includes('npm test: explicit proxy'), detail);
    assert.equal(limitedMode({ kind: 'running' }, t), '');
    assert.equal(limitedMode({ kind: 'running', status: open(Mode.tproxy) }, t), '');
    assert.match(limitedMode({ kind: 'running', status: open(Mode.tproxy, Mode.redirect) }, t), /TCP only/);
    assert.match(limitedMode({ kind: 'running', status: open(Mode.explicit, Mode.tproxy) }, t), /explicit/);
  });

  it('has words for every mode', () => {
    const modes = Object.values(Mode).filter((m): m is Mode => typeof m === 'number');
    assert.equal(new Set(modes.map((m) => modeText(m, t))).size, modes.length);
  });
});

describe('the commands of a remedy', () => {
  it('are the indented lines that a shell can run, with the launcher where it is', () => {
    const text =
      'Forbidden. Install the profile:\n  flowtap-run --apparmor-profile | sudo tee /etc/x > /dev/null\n  sudo apparmor_parser --replace /etc/x\n  --security-opt seccomp=FILE\n(clone: no)\nOr: flowtap-run --mode explicit';
    assert.deepEqual(remedyCommands(text, "/opt/it's/flowtap-run"), [
      "'/opt/it'\\''s/flowtap-run' --apparmor-profile | sudo tee /etc/x > /dev/null",
      'sudo apparmor_parser --replace /etc/x',
    ]);
  });
});
