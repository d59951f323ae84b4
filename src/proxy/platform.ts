// Where a proxy can run.
import { problem, type Problem } from './problems.ts';

export type PlatformSupport =
  | { readonly kind: 'daemon' } // Linux: flowtapd, started on demand
  | { readonly kind: 'app'; readonly problem: Problem } // macOS: the Flowtap app's system extension
  | { readonly kind: 'unsupported'; readonly problem: Problem };

export function platformSupport(platform: string = process.platform, arch: string = process.arch): PlatformSupport {
  if (platform === 'darwin') return { kind: 'app', problem: problem('needs-app') };
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) return { kind: 'daemon' };
  return { kind: 'unsupported', problem: problem('platform-unsupported', `${platform} on ${arch}`) };
}
