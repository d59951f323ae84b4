import assert from 'node:assert/strict';
import path from 'node:path';
import { cleanEnvironment } from '../../../scripts/lib/environment.mjs';
import { runSteps, withNeeds } from '../../../scripts/lib/setup/run-steps.mjs';
import { steps } from '../../../scripts/lib/setup/table.mjs';
import { Unavailable } from '../../../scripts/lib/setup/unavailable.mjs';
import { suites } from '../../../scripts/suites.mjs';

interface Step {
  name: string;
  title: string;
  needs?: string[];
  fresh: () => boolean;
  run: () => void;
}

/** Steps a <- b <- c, and d alone; `ran` gets the names of those that run. */
function table(how: Partial<Record<string, 'fresh' | Error>> = {}): { steps: Step[]; ran: string[] } {
  const ran: string[] = [];
  const step = (name: string, ...needs: string[]): Step => ({
    name,
    title: name,
    needs,
    fresh: () => how[name] === 'fresh',
    run: () => {
      ran.push(name);
      if (how[name] instanceof Error) throw how[name];
    },
  });
  return { steps: [step('a'), step('b', 'a'), step('c', 'b'), step('d')], ran };
}
const quiet = { log: () => undefined };

describe('the set-up', () => {
  it('runs what is needed, in order, and what is fresh not at all', async () => {
    const { steps, ran } = table({ b: 'fresh' });
    assert.equal((await runSteps(steps, ['c'], quiet)).size, 0);
    assert.deepEqual(ran, ['a', 'c']);
  });

  it('does not run what stands on a step that broke, and tells a break from an impossibility', async () => {
    for (const [error, failed] of [
      [new Error('broken'), true],
      [new Unavailable('no root'), false],
    ] as const) {
      const { steps, ran } = table({ a: error });
      const lacking = await runSteps(steps, ['c', 'd'], quiet);
      assert.deepEqual(ran, ['a', 'd']);
      assert.deepEqual(
        [...lacking].map(([name, l]) => [name, (l as { failed: boolean }).failed]),
        [
          ['a', failed],
          ['b', failed],
          ['c', failed],
        ],
      );
    }
  });

  it('does not try again what was lacking', async () => {
    const { steps, ran } = table({ a: new Error('broken') });
    const lacking = await runSteps(steps, ['a'], quiet);
    await runSteps(steps, ['b', 'd'], { ...quiet, lacking });
    assert.deepEqual(ran, ['a', 'd']);
  });

  it('knows every step that a step or a suite needs', () => {
    for (const { needs = [] } of [...steps, ...suites] as { needs?: string[] }[])
      assert.doesNotThrow(() => withNeeds(steps, needs));
    assert.throws(() => withNeeds(steps, ['nonsense']), /no set-up step nonsense/);
  });
});

describe('the environment of what the scripts start', () => {
  const saved = { ...process.env };
  beforeEach(() => {
    process.env = {
      PATH: ['/p/node_modules/.bin', '/usr/bin', '/q/node_modules/npm/node-gyp-bin'].join(path.delimiter),
      HOME: '/home/u',
      npm_config_local_prefix: '/p',
      npm_config_cache: '/cache',
      npm_config_https_proxy: 'http://proxy',
      npm_package_name: 'flowtap',
      npm_lifecycle_event: 'start',
      INIT_CWD: '/p',
      VSCODE_IPC_HOOK_CLI: '/run/x',
      NODE_OPTIONS: '--inspect',
      NODE_ENV: 'production',
    };
  });
  afterEach(() => {
    process.env = saved;
  });

  it("is the user's, without npm's and a surrounding editor's", () => {
    assert.deepEqual(cleanEnvironment(), { PATH: '/usr/bin', HOME: '/home/u' });
  });

  it('keeps for a nested npm what the user has set for it', () => {
    const { npm_config_cache, npm_config_https_proxy, ...rest } = cleanEnvironment({}, { forNpm: true }) as Record<
      string,
      string
    >;
    assert.deepEqual([npm_config_cache, npm_config_https_proxy], ['/cache', 'http://proxy']);
    assert.deepEqual(Object.keys(rest).sort(), ['HOME', 'PATH']);
  });

  it('takes additions, and leaves out what is set to undefined', () => {
    const env = cleanEnvironment({ HOME: undefined, NODE_OPTIONS: '--no-warnings' });
    assert.deepEqual(env, { PATH: '/usr/bin', NODE_OPTIONS: '--no-warnings' });
  });
});
