// An endpoint's state in words. Pure.
import type { SessionState } from '../../endpoint/session.ts';
import { translated } from '../problems.ts';
import type { Translate } from '../sidebar/text.ts';
import { shown } from '../sidebar/text.ts';

/** Text of an endpoint may come from another program, so it is cut. */
const mostText = 300;

export function endpointState(state: SessionState, t: Translate): string {
  switch (state.kind) {
    case 'live':
      return t('connected: pid {0}', state.welcome.pid);
    case 'starting':
    case 'connecting':
      return t('connecting');
    case 'stopped':
      return t('nobody serves it yet');
    case 'lost':
    case 'refused':
    case 'unavailable':
      return shown(translated(state.problem, t).text, mostText);
  }
}

export const endpointIcon = ({ kind }: SessionState): string =>
  kind === 'live'
    ? 'pass'
    : kind === 'lost' || kind === 'refused' || kind === 'unavailable'
      ? 'warning'
      : 'circle-outline';
