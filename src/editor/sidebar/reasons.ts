// Why a connection ended, in words, with the likely cause. Pure; exhaustive over the close reasons.
import type { Flow } from '../../flow/model.ts';
import type { Translate } from './text.ts';

export interface ReasonText {
  /** A few words, for the row. */
  readonly title: string;
  /** A sentence, for the tooltip. */
  readonly detail: string;
}

export function reasonText(flow: Flow, t: Translate): ReasonText {
  switch (flow.reason ?? 'unspecified') {
    case 'eof':
      return { title: t('finished'), detail: t('Both sides ended the connection in order.') };
    case 'reset by client':
      return {
        title: t('reset by program'),
        detail: t('The program aborted the connection, or ended while data was under way.'),
      };
    case 'reset by server':
      return {
        title: t('reset by server'),
        detail: t('The server, or something before it, aborted the connection.'),
      };
    case 'refused':
      return {
        title: t('refused'),
        detail: t('Nothing listens on port {0} there, or a firewall rejects it.', flow.destination.port),
      };
    case 'unreachable':
      return {
        title: t('unreachable'),
        detail: t('There is no route to the address. Check the network, the VPN and the address family.'),
      };
    case 'timed out':
      return {
        title: t('timed out'),
        detail: t('The server did not answer. The address may be wrong, or a firewall drops the packets.'),
      };
    case 'idle':
      return { title: t('idle'), detail: t('Nothing was sent for so long that the conversation was closed.') };
    case 'proxy stopped':
      return { title: t('proxy stopped'), detail: t('The proxy was stopped while the connection was open.') };
    case 'rule':
      return {
        title: t('ended by rule'),
        detail: flow.rule ? t('The rule "{0}" ended it.', flow.rule) : t('A rule ended it.'),
      };
    case 'limit':
      return {
        title: t('limit reached'),
        detail: t("The proxy's limit of connections or memory was reached. Close some connections."),
      };
    case 'client gone':
      return { title: t('program gone'), detail: t('The program ended before the connection was made.') };
    case 'proxy error':
      return { title: t('proxy error'), detail: t('The proxy failed. Its log says more.') };
    case 'lost':
      return {
        title: t('lost from view'),
        detail: t('The proxy vanished, so how the connection ended is not known.'),
      };
    case 'name not found':
      return {
        title: t('name not found'),
        detail: t('The host name has no address. Check its spelling and the DNS server.'),
      };
    case 'unspecified':
      return { title: t('closed'), detail: t('The proxy gave no reason.') };
  }
}
