// Where a proxy can run.
import { problem, type Problem } from './problems.ts';

export type PlatformSupport =
  | { readonly kind: 'daemon' } // Linux: flowtapd, started on demand
  | { readonly kind: 'app'; readonly problem: Problem } // macOS: the Flowtap app's system extension
  | { readonly kind: 'unsupported'; readonly problem: Problem };

/** FLOWTAP_APP names the app's bundle, and then the app is what runs the proxy, wherever this is: for development. */
export function platformSupport(
  platform: string = process.platform,
  arch: string = process.arch,
  env: NodeJS.ProcessEnv = process.env,
): PlatformSupport {
  if (platform === 'darwin' || env['FLOWTAP_APP']) return { kind: 'app', problem: problem('needs-app') };
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) return { kind: 'daemon' };
  return { kind: 'unsupported', problem: problem('platform-unsupported', `${platform} on ${arch}`) };
}
