// The native bridge: reaches a proxy's rendezvous and hands its socket to JavaScript. It is the one native part of the
// extension's own process, so it may be missing or made for another platform; everything else then still works.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { programsIn } from '../proxy/paths.ts';
import { errorMessage, examineNativeFile, type NativeFile } from './nativeFile.ts';

export interface Bridge {
  /**
   * The descriptor of a connected stream socket, which the caller owns. `name` is the socket's path (Linux) or the Mach
   * service (macOS); `requirement` is the code-signing requirement of the service, or ''. Rejects with a `code`.
   */
  connect(name: string, requirement: string, token: string): Promise<number>;
}

export interface BridgeProblem {
  /** `foreign`: the file is there, for another platform or processor. `broken`: it is there and does not load. */
  readonly kind: 'missing' | 'foreign' | 'broken';
  readonly path: string;
  /** What is wrong, where, and what to do. */
  readonly text: string;
}
export type LoadedBridge = { readonly kind: 'loaded'; readonly path: string; readonly bridge: Bridge } | BridgeProblem;

/** Why a connection could not be made. `text` says what is wrong, where, and what to do. */
export type RendezvousCode =
  /** Nobody serves that name. */
  | 'ENOSERVICE'
  /** One side does not trust the other: uid, folder, symbolic link, signature or token. */
  | 'EREFUSED'
  /** The service went away or hangs. */
  | 'EINTERRUPTED'
  /** What answered is no proxy of Flowtap. */
  | 'EPROTOCOL';
const codes: readonly string[] = ['ENOSERVICE', 'EREFUSED', 'EINTERRUPTED', 'EPROTOCOL'] satisfies RendezvousCode[];

export function rendezvousCode(error: unknown): RendezvousCode | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code) ? (code as RendezvousCode) : undefined;
}

/** FLOWTAP_BRIDGE, or the prebuilt file of this platform in the package that this module runs from. */
export function bridgePath(env: NodeJS.ProcessEnv = process.env): string {
  return env['FLOWTAP_BRIDGE'] ? path.resolve(env['FLOWTAP_BRIDGE']) : programsIn(distFolder()).addon;
}

/** `dist` of the package: this module runs from src/ in tests, from dist/ in the bundles. */
function distFolder(): string {
  // A CommonJS bundle has no import.meta.
  const here = import.meta.url ? path.dirname(fileURLToPath(import.meta.url)) : __dirname;
  for (let folder = here; ; folder = path.dirname(folder))
    if (fs.existsSync(path.join(folder, 'package.json')) || folder === path.dirname(folder))
      return path.join(folder, 'dist');
}

/** Never throws. Loading the same file twice gives the same module. */
export function loadBridge(file: string = bridgePath()): LoadedBridge {
  const problem = (kind: BridgeProblem['kind'], text: string): BridgeProblem => ({ kind, path: file, text });
  const here = `${process.platform}-${process.arch}`;
  const remedy = `install the Flowtap package for ${here}, or in the source tree run: npm run build:native`;
  let examined: NativeFile;
  try {
    examined = examineNativeFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return problem('missing', `Flowtap's native bridge is missing: there is no ${file}; ${remedy}`);
    return problem('broken', `Flowtap's native bridge cannot be read: ${errorMessage(error)}`);
  }
  const { platforms, cutOff } = examined;
  if (platforms.length > 0 && !platforms.includes(here))
    return problem('foreign', `Flowtap's native bridge ${file} is for ${platforms.join(', ')}; ${remedy}`);
  if (cutOff) return problem('broken', `Flowtap's native bridge ${file} is cut off; ${remedy}`);
  try {
    const bridge: unknown = createRequire(file)(file);
    if (isBridge(bridge)) return { kind: 'loaded', path: file, bridge };
    return problem('broken', `${file} loads, but is not Flowtap's native bridge: it has no connect(); ${remedy}`);
  } catch (error) {
    return problem(
      'broken',
      `Flowtap's native bridge does not load: ${errorMessage(error)}; ${loadRemedy(error, remedy)}`,
    );
  }
}

function isBridge(value: unknown): value is Bridge {
  return typeof value === 'object' && value !== null && 'connect' in value && typeof value.connect === 'function';
}

function loadRemedy(error: unknown, otherwise: string): string {
  // glibc's and musl's words for a C library that is too old, or is not glibc.
  if (/GLIBC(XX)?_[\d.]+|ld-linux|Error (loading|relocating) shared library/.test(errorMessage(error)))
    return 'this system has an older or another C library than the package was built for: in the source tree run: npm run build:native';
  return otherwise;
}

export interface RendezvousTarget {
  readonly name: string;
  readonly requirement?: string;
  readonly token?: string;
}

/** Rejects with an Error whose code rendezvousCode() tells. */
export async function connectThrough(bridge: Bridge, target: RendezvousTarget): Promise<net.Socket> {
  const fd = await bridge.connect(target.name, target.requirement ?? '', target.token ?? '');
  try {
    return new net.Socket({ fd, readable: true, writable: true });
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}
