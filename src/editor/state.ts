// The state of the way to the proxy, as the views tell it. Pure.
import type { ProxyStatus, Welcome } from '../../gen/flow_pb.ts';
import type { SessionState } from '../endpoint/session.ts';
import type { Stage } from '../proxy/app.ts';
import { stageProblem } from '../proxy/app.ts';
import type { PlatformSupport } from '../proxy/platform.ts';
import { problem, type Problem } from '../proxy/problems.ts';
import type { StateKind } from '../protocol/ids.ts';

export interface EditorState {
  readonly kind: StateKind;
  readonly problem?: Problem;
  readonly welcome?: Welcome;
  readonly status?: ProxyStatus;
}

/** How the loader of the bridge says that the file was built for something else. */
const foreign = /\bis for \w+-\w+/;

/** What is known of the app on macOS: it is not there, or its first stage that is not in order (none where all are). */
export type AppState = { readonly kind: 'unknown' | 'absent' } | { readonly kind: 'there'; readonly broken?: Stage };

export function editorState(
  session: SessionState,
  support: PlatformSupport,
  app: AppState = { kind: 'unknown' },
): EditorState {
  if (support.kind === 'unsupported') return { kind: 'unsupported', problem: support.problem };
  // A connection that works proves more than what was told of the stages before.
  if (support.kind === 'app' && (session.kind === 'stopped' || session.kind === 'lost' || failedInApp(session))) {
    if (app.kind === 'absent') return { kind: 'needsApp', problem: problem('needs-app') };
    const kind = app.kind === 'there' && app.broken ? stageKind(app.broken) : undefined;
    if (kind && app.kind === 'there' && app.broken) return { kind, problem: stageProblem(app.broken) };
  }
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

/** Starting it came to an end at one of the stages. */
const failedInApp = (session: SessionState): boolean =>
  session.kind === 'unavailable' && session.problem.code.startsWith('app-');

/** The view of each stage; undefined where the proxy just does not run. */
function stageKind({ stage, state, code }: Stage): StateKind | undefined {
  if (code === 'restart-needed' || code === 'stale-registration') return 'needsRestart';
  switch (stage) {
    case 'installed':
      return 'needsActivation';
    case 'approved':
      return 'awaitsApproval';
    case 'enabled':
      return code === 'not-configured' ? undefined : 'switchedOff';
    case 'connected':
      return state === 'waiting' ? 'connecting' : undefined;
    case 'reachable':
      return 'unreachable';
    case 'flow-seen':
      return undefined;
  }
}

function unavailable({ code, text }: Problem): StateKind {
  switch (code) {
    case 'platform-unsupported':
      return 'unsupported';
    case 'needs-app':
      return 'needsApp';
    case 'needs-grant':
      return 'needsGrant';
    case 'app-waits':
      return 'awaitsApproval';
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
  [
    'addonForeign',
    'addonBroken',
    'lost',
    'refused',
    'startFailed',
    'switchedOff',
    'needsRestart',
    'unreachable',
  ].includes(kind);
