// Where the package keeps its programs, and where a running proxy keeps its files.
import os from 'node:os';
import path from 'node:path';

export interface Programs {
  /** dist/bin/<platform>-<arch> */
  readonly folder: string;
  readonly daemon: string;
  readonly launcher: string;
  readonly addon: string;
}

/** `dist` is the folder that holds the bundles; see ARCHITECTURE.md. */
export function programsIn(dist: string, platform: string = process.platform, arch: string = process.arch): Programs {
  const folder = path.join(dist, 'bin', `${platform}-${arch}`);
  return {
    folder,
    daemon: path.join(folder, 'flowtapd'),
    launcher: path.join(folder, 'flowtap-run'),
    addon: path.join(folder, 'bridge.node'),
  };
}
export declare function runtimeFolder(env?: NodeJS.ProcessEnv): string;
export declare function socketPath(env?: NodeJS.ProcessEnv): string;
void os;
