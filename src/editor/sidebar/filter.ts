// The sidebar's filter: the query language, and the queries that the context menu asks for. Pure.
import { translatedError, type Query, type QueryError } from '../../flow/query/ast.ts';
import { compileQuery } from '../../flow/query/match.ts';
import { parseQuery } from '../../flow/query/parse.ts';
import type { Element, FlowFilter } from './elements.ts';
import { peerHost, peerOf, scriptOf, type Translate } from './text.ts';

export type CompiledFilter =
  | { readonly matches: FlowFilter | undefined; readonly error?: undefined }
  | { readonly matches?: undefined; readonly error: QueryError };

/** `matches` is undefined where the text asks for nothing. */
export function compileFilter(text: string, t: Translate): CompiledFilter {
  const { query, error } = parseQuery(text.trim());
  if (error) return { error: translatedError(error, t) };
  return { matches: query.kind === 'all' ? undefined : metered(query) };
}

/** Counts its work, so that the tree can go on in steps. */
function metered(query: Query): FlowFilter {
  const meter = { left: Infinity };
  return Object.assign(compileQuery(query, undefined, meter), { meter });
}

/** The query for this very process (of a connection) or program (of a group); undefined where it is not known. */
export function processFilter(element: Element | undefined): string | undefined {
  if (element?.kind === 'flow') {
    const { pid, name } = element.flow.process;
    return pid ? `pid:${pid}` : name ? `process=${quoted(name)}` : undefined;
  }
  if (element?.kind !== 'group' || element.grouping.id !== 'process') return undefined;
  const { path, name } = element.sample.process;
  const program = path ? `path=${quoted(path)}` : name ? `process=${quoted(name)}` : undefined;
  const script = scriptOf(element.sample);
  return program && script ? `${program} command:${quoted(script)}` : program;
}

/** The query for this host, or the address where no name is known. */
export function hostFilter(element: Element | undefined): string | undefined {
  const flow = element?.kind === 'flow' ? element.flow : undefined;
  const of = flow ?? (element?.kind === 'group' && element.grouping.id === 'host' ? element.sample : undefined);
  if (!of) return undefined;
  return of.inbound ? `source=${quoted(peerOf(of).address)} direction:inbound` : `host=${quoted(peerHost(of))}`;
}

/** In quotes a backslash makes the next character stand for itself. */
const quoted = (value: string): string => (/^\w[\w.-]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);
