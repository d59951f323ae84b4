// Where the package keeps its programs, and where a running proxy keeps its files.
import fs from 'node:fs';
import path from 'node:path';

export interface Programs {
  /** dist/bin/<platform>-<arch> */
  readonly folder: string;
  readonly daemon: string;
  readonly launcher: string;
  readonly addon: string;
  /** The Flowtap app, packed (macOS). */
  readonly app?: string;
  /** The proxy sees what every program does: none has to be started in a special way (macOS). */
  readonly seesAll?: boolean;
}

/** `dist` is the folder of the bundles. */
export function programsIn(dist: string, platform: string = process.platform, arch: string = process.arch): Programs {
  const folder = path.join(dist, 'bin', `${platform}-${arch}`);
  return {
    folder,
    daemon: path.join(folder, 'flowtapd'),
    launcher: path.join(folder, 'flowtap-run'),
    addon: path.join(folder, 'bridge.node'),
    app: path.join(folder, 'Flowtap.app.tar.gz'),
    seesAll: platform === 'darwin',
  };
}

/** The daemon's folder of sockets and log; the same rule as in sysext/linux/runtime_directory.cc. */
export function runtimeFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['FLOWTAP_RUNTIME_DIR']) return env['FLOWTAP_RUNTIME_DIR'];
  const xdg = env['XDG_RUNTIME_DIR'];
  if (xdg && usable(xdg)) return path.join(xdg, 'flowtap');
  return `/tmp/flowtap-${userId()}`;
}

export const socketPath = (env?: NodeJS.ProcessEnv): string => path.join(runtimeFolder(env), 'proxy.sock');

export const logPath = (env?: NodeJS.ProcessEnv): string => path.join(runtimeFolder(env), 'log');

function usable(folder: string): boolean {
  if (!path.isAbsolute(folder)) return false;
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === userId();
}

const userId = (): number => process.geteuid?.() ?? -1;
