// The state of the way to the proxy, as the views tell it. Pure.
import type { ProxyStatus, Welcome } from '../../gen/flow_pb.ts';
import type { SessionState } from '../endpoint/session.ts';
import type { PlatformSupport } from '../proxy/platform.ts';
import type { Problem } from '../proxy/problems.ts';
import type { StateKind } from '../protocol/ids.ts';

export interface EditorState {
  readonly kind: StateKind;
  readonly problem?: Problem;
  readonly welcome?: Welcome;
  readonly status?: ProxyStatus;
}

/** How the loader of the bridge says that the file was built for something else. */
const foreign = /\bis for \w+-\w+/;

export function editorState(session: SessionState, support: PlatformSupport): EditorState {
  if (support.kind === 'unsupported') return { kind: 'unsupported', problem: support.problem };
  switch (session.kind) {
    case 'stopped':
    case 'starting':
    case 'connecting':
      return { kind: session.kind };
    case 'live':
      return {
        kind: 'running',
        welcome: session.welcome,
        ...(session.status === undefined ? {} : { status: session.status }),
      };
    case 'lost':
    case 'refused':
      return { kind: session.kind, problem: session.problem };
    case 'unavailable':
      return { kind: unavailable(session.problem), problem: session.problem };
  }
}

function unavailable({ code, text }: Problem): StateKind {
  switch (code) {
    case 'platform-unsupported':
      return 'unsupported';
    case 'needs-app':
      return 'needsApp';
    case 'bridge-missing':
      return 'addonMissing';
    case 'bridge-unusable':
      return foreign.test(text) ? 'addonForeign' : 'addonBroken';
    case 'peer-refused':
      return 'refused';
    default:
      return 'startFailed';
  }
}

/** Something is wrong that somebody should look at. */
export const isProblem = (kind: StateKind): boolean =>
  ['addonForeign', 'addonBroken', 'lost', 'refused', 'startFailed'].includes(kind);
