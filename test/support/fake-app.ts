// A Flowtap app for tests: a bundle whose program prints what the test says, in the lines of the real one.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AppPlace } from '../../src/proxy/appBundle.ts';

export const infoPlist = (endpoint: string, build: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>CFBundleVersion</key><string>${build}</string>
<key>NetworkExtension</key><dict><key>NEMachServiceName</key><string>${endpoint}</string></dict>
</dict></plist>
`;

const extensionName = 'dev.flowtap.app.proxy.systemextension';

export class FakeApp {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'flowtap-app-'));
  readonly place: AppPlace;
  readonly #lines: string;
  readonly #calls: string;

  constructor(endpoint = 'AAAAAAAAAA.dev.flowtap.7', build = '7') {
    const bundle = path.join(this.folder, 'Flowtap.app');
    this.place = {
      bundle,
      program: path.join(bundle, 'Contents/MacOS/Flowtap'),
      installed: path.join(this.folder, 'SystemExtensions'),
    };
    this.#lines = path.join(this.folder, 'lines');
    this.#calls = path.join(this.folder, 'calls');
    mkdirSync(path.dirname(this.place.program), { recursive: true });
    mkdirSync(this.#lines);
    const script = `#!/bin/sh
echo "$*" >> '${this.#calls}'
[ -f '${this.#lines}'/"$1" ] || { echo "nothing for $1" >&2; exit 1; }
. '${this.#lines}'/"$1"
`;
    writeFileSync(this.place.program, script);
    chmodSync(this.place.program, 0o755);
    this.putExtension(path.join(bundle, 'Contents/Library/SystemExtensions'), endpoint, build);
  }

  /** Below the system's folder as the system names it: a folder of its own for each. */
  install(uuid: string, endpoint: string, build: string): void {
    this.putExtension(path.join(this.place.installed, uuid), endpoint, build);
  }

  private putExtension(folder: string, endpoint: string, build: string): void {
    const contents = path.join(folder, extensionName, 'Contents');
    mkdirSync(contents, { recursive: true });
    writeFileSync(path.join(contents, 'Info.plist'), infoPlist(endpoint, build));
  }

  /** What the command does from now on: these objects, a line each, then this exit status. */
  answers(command: string, lines: readonly object[], status = 0): void {
    const quoted = lines.map((line) => `echo '${JSON.stringify(line)}'`);
    this.does(command, `${quoted.join('\n')}\nexit ${status}\n`);
  }

  /** The same as lines of a shell script. */
  does(command: string, script: string): void {
    writeFileSync(path.join(this.#lines, command), script);
  }

  /** The command lines that it was started with. */
  get calls(): string[] {
    try {
      return readFileSync(this.#calls, 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const stage = (name: string, state = 'ok', more: object = {}): object => ({ stage: name, state, ...more });
const names = ['installed', 'approved', 'enabled', 'connected', 'reachable', 'flow-seen'];
/** All in order up to the named one, which is as told; the rest is skipped. Then the result. */
export function brokenAt(name: string, state: 'waiting' | 'failed', more: object = {}): object[] {
  const at = names.indexOf(name);
  return [
    ...names.map((each, i) => stage(each, i < at ? 'ok' : i === at ? state : 'skipped', i === at ? more : {})),
    { result: state === 'waiting' ? 'waiting' : 'failed', stage: name },
  ];
}
export const allOk: object[] = [...names.map((name) => stage(name)), { result: 'ok' }];
