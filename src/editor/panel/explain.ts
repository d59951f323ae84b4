// Why a flow failed, with the likely cause, and what to do next. Imports no vscode.
import { isFailure, type Flow } from '../../flow/model.ts';
import { reasonText } from '../sidebar/reasons.ts';
import type { Translate } from '../sidebar/text.ts';

export interface Explanation {
  /** Both '' where nothing failed. */
  readonly explanation: string;
  readonly next: string;
}

export function explain(flow: Flow, t: Translate): Explanation {
  if (isFailure(flow.reason)) return { explanation: reasonText(flow, t).detail, next: nextStep(flow, t) };
  const { application } = flow;
  return application?.failed ? answered(application.protocol, application.status, t) : { explanation: '', next: '' };
}

function nextStep(flow: Flow, t: Translate): string {
  const { port } = flow.destination;
  switch (flow.reason) {
    case 'refused':
      return t('See whether the server runs and listens there: "ss -ltn sport = :{0}" on its machine. A server that listens on 127.0.0.1 only is not reached by another address.', port); // prettier-ignore
    case 'unreachable':
      return t('Compare with "ip route get {0}". Where only IPv6 fails, the machine has no IPv6 route.', flow.destination.address); // prettier-ignore
    case 'timed out':
      return t('Try the same address and port from another network. If that works, a firewall between here and there drops the packets.'); // prettier-ignore
    case 'reset by server':
      return t('Look at the last message that was sent before it, and at the server\'s own log: it did not like that message, or it was restarted.'); // prettier-ignore
    case 'reset by client':
      return t('If this was not meant, look for a time limit in the program, or for its end: other flows of the process end at the same moment then.'); // prettier-ignore
    case 'name not found':
      return t('Check the spelling of the name, and the DNS flows of the same process: filter by "protocol:dns".');
    case 'limit':
      return t('The proxy was at its limit of open flows. Close programs that hold many connections, or start the proxy with a higher limit.'); // prettier-ignore
    case 'lost':
      return t('The proxy ended before the flow did; what happened after that is not known. "Flowtap: Show Log" says why it ended.'); // prettier-ignore
    case 'proxy error':
      return t('"Flowtap: Show Log" has the details. If it happens again, please report it with the log.');
    default:
      return '';
  }
}

/** The connection was fine; what was said on it was not. */
function answered(protocol: string, status: number | undefined, t: Translate): Explanation {
  if (protocol.startsWith('http') || protocol === 'grpc') return http(status ?? 0, t);
  if (protocol === 'dns')
    return {
      explanation: t('The name server answered that it has no such name, or that it failed.'),
      next: t('Check the spelling of the name. If it is right, ask another server: "dig @9.9.9.9 NAME".'),
    };
  if (protocol === 'tls')
    return {
      explanation: t('One side ended the TLS handshake with an alert.'),
      next: t('The alert in "Messages" names the cause. Mostly it is a certificate that the program does not trust, a wrong host name, or no common version.'), // prettier-ignore
    };
  return { explanation: t('What was said on this flow tells of a failure.'), next: t('"Messages" and "Stream" show what was said.') }; // prettier-ignore
}

function http(status: number, t: Translate): Explanation {
  const see = t('The body of the response, in "Messages", mostly says more.');
  switch (status) {
    case 401:
      return { explanation: t('The server wants credentials (401).'), next: t('Look at the Authorization header of the request and the WWW-Authenticate header of the response.') }; // prettier-ignore
    case 403:
      return { explanation: t('The server knows who asks and refuses (403).'), next: see };
    case 404:
      return { explanation: t('The server has nothing at that path (404).'), next: t('Compare path and Host header with what the server serves.') }; // prettier-ignore
    case 407:
      return { explanation: t('A proxy on the way wants credentials (407).'), next: t('Check the proxy settings of the program.') }; // prettier-ignore
    case 413:
    case 431:
      return { explanation: t('The request is larger than the server takes ({0}).', status), next: t('Look at the size of its headers and body.') }; // prettier-ignore
    case 429:
      return { explanation: t('The server was asked too often (429).'), next: t('The Retry-After header of the response says when to ask again.') }; // prettier-ignore
    case 502:
    case 503:
    case 504:
      return { explanation: t('A server in front could not get an answer from the one behind it ({0}).', status), next: see }; // prettier-ignore
  }
  if (status >= 500) return { explanation: t('The server failed ({0}).', status), next: see };
  if (status >= 400) return { explanation: t('The server did not accept the request ({0}).', status), next: see };
  return { explanation: t('The exchange did not come to an end as it should.'), next: t('"Stream" shows where it broke off.') }; // prettier-ignore
}
