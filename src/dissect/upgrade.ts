// What follows an HTTP/1.1 upgrade (RFC 9110 section 7.8) or a CONNECT tunnel.
import type { Dissection, Dissector, HttpRequest, HttpResponse } from './dissection.ts';
import { header } from './httpBody.ts';

const byToken = new Map<string, () => Dissector>();
let tunnelled: (() => Dissector) | undefined;

/** The registry tells which dissector an Upgrade token leads to; '' is the content of a CONNECT tunnel. */
export function onUpgrade(token: string, dissector: () => Dissector): void {
  if (token === '') tunnelled = dissector;
  else byToken.set(token, dissector);
}

export function startUpgraded(
  request: HttpRequest,
  response: HttpResponse,
  up: Uint8Array,
  down: Uint8Array,
): Dissection['next'] {
  const token = (header(response.headers, 'upgrade') ?? header(request.headers, 'upgrade') ?? '')
    .toLowerCase()
    .split(/[,\s]/)[0]!;
  const found = response.status === 101 ? byToken.get(token) : tunnelled;
  return found && { dissector: found(), up, down };
}
