import assert from 'node:assert/strict';
import { capturedCommand, checkCapture, newCaptureName } from '../../../src/proxy/captured.ts';
import { ProblemError } from '../../../src/proxy/problems.ts';
import { Scripts } from '../../support/scripts.ts';

describe('captured commands', () => {
  let scripts: Scripts;
  beforeEach(() => (scripts = new Scripts()));
  afterEach(() => scripts.remove());
  const programs = (launcher: string) => ({ folder: '', daemon: '', addon: '', launcher });

  it('run the launcher with the command as it is', () => {
    const env = { A: 'b' };
    assert.deepEqual(capturedCommand(programs('/l'), ['curl', '--', '-x'], { capture: 'c', env }), {
      file: '/l',
      args: ['--capture', 'c', '--', 'curl', '--', '-x'],
      env,
    });
    assert.deepEqual(capturedCommand(programs('/l'), ['a'], { mode: 'redirect' }).args, [
      '--mode',
      'redirect',
      '--',
      'a',
    ]);
    assert.deepEqual(capturedCommand(programs('/l'), ['a'], { mode: 'auto' }).args, ['--', 'a']);
  });

  it('get a name of their own for every run', () => {
    const names = new Set(Array.from({ length: 100 }, () => newCaptureName('cli')));
    assert.equal(names.size, 100);
    for (const name of names) assert.match(name, /^cli-\d+-[\w-]{8}$/);
  });

  it('are checked by the launcher', async () => {
    const works = scripts.add(
      'works',
      `test "$*" = --check && echo '{"mode":"tproxy","blindSpots":["One.",2],"problem":null}'`,
    );
    assert.deepEqual(await checkCapture(programs(works)), {
      mode: 'tproxy',
      blindSpots: ['One.'],
      problem: undefined,
    });
    const asked = scripts.add(
      'asked',
      `test "$*" = "--mode redirect --check" && echo '{"mode":"redirect","problem":null}'`,
    );
    assert.equal((await checkCapture(programs(asked), 'redirect')).mode, 'redirect');
    const text = 'AppArmor forbids it.\\nInstall the profile.';
    const not = scripts.add(
      'not',
      `cat <<'END'\n{"mode":"","problem":{"code":"userns-apparmor","text":"${text}"}}\nEND`,
    );
    const check = await checkCapture(programs(not));
    assert.equal(check.mode, undefined);
    assert.equal(check.problem?.code, 'capture-impossible');
    assert.equal(check.problem.text, 'AppArmor forbids it.\nInstall the profile.');
  });

  for (const [what, body] of [
    ['fails', 'echo "cannot do it" >&2; exit 1'],
    ['says something else', 'echo "cannot do it"'],
    ['says JSON of another kind', `echo '["cannot do it"]'`],
  ] as const)
    it(`cannot be checked where the launcher ${what}`, async () => {
      const launcher = scripts.add('launcher', body);
      await assert.rejects(
        checkCapture(programs(launcher)),
        (e: unknown) =>
          e instanceof ProblemError && e.problem.code === 'program-failed' && /cannot do it/.test(e.message),
      );
    });
});
