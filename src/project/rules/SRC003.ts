import type { Fix } from '../../entitlements/finding.ts';
import { isSwift, teamOf } from './codeFixes.ts';
import type { HandlerUse, ProjectContext } from './context.ts';
import { fixIn, indentOf } from './fixes.ts';
import { checksPeer } from './peer.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC003: ProjectRule = {
  id: 'SRC003',
  severity: 'warning',
  title: 'Every process may connect',
  doc: {
    what: 'A listener on a named endpoint accepts connections, and nothing in the target checks who the peer is: no code-signing requirement, no audit token.',
    why: 'Any process of the Mach bootstrap can connect to a name. A system extension runs as root: what it does for the app it does for malware.',
    evidence: 'Five of seven public listeners check the peer (LuLu, Proton, sing-box, Coder, rama).',
    fix: 'setCodeSigningRequirement on the connection, setConnectionCodeSigningRequirement on the listener, or the xpc_… requirement functions.',
    bad: 'return YES;',
    good: '[c setCodeSigningRequirement:@"anchor apple generic and certificate leaf[subject.OU] = \\"ABCDE12345\\""];',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const target of c.relatedTargets) {
      if (target.platform === 'ios' || target.productType === 'test') continue;
      const listeners = c.listeners(target);
      if (listeners.length === 0 || checksPeer(c, target)) continue;
      const handlers = c
        .handlers(target)
        .filter((u) => u.handler.accepts && !isJudgedElsewhere(u) && !u.handler.byProcessId);
      for (const u of handlers) {
        if (seen.has(`${u.file}:${u.handler.start}`)) continue;
        seen.add(`${u.file}:${u.handler.start}`);
        yield {
          file: u.file,
          range: u.handler,
          message: 'Every process may connect: nothing checks the code signature of the peer.',
          fixes: requirementFix(c, u),
        };
      }
      // libxpc has no delegate: the listener itself is the place.
      for (const u of listeners)
        if (u.object.api === 'C' && target.sourcesComplete && !seen.has(`${u.file}:${u.object.start}`)) {
          seen.add(`${u.file}:${u.object.start}`);
          yield {
            file: u.file,
            range: u.object,
            message: 'Every process may connect: nothing checks the code signature of the peer.',
          };
        }
    }
  },
};

/** Also where the handler judges the peer in a worse way. */
export function requirementFix(c: ProjectContext, { target, file, handler }: HandlerUse): readonly Fix[] {
  const team = teamOf(target);
  const text = c.model.cache.text(file) ?? '';
  if (team === undefined || !handler.accepts) return [];
  const requirement = `anchor apple generic and certificate leaf[subject.OU] = \\"${team}\\"`;
  const line = isSwift(file)
    ? `${handler.parameter}.setCodeSigningRequirement("${requirement}")`
    : `[${handler.parameter} setCodeSigningRequirement:@"${requirement}"];`;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  // First in the body: before anything is resumed.
  const indent = indentOf(text, handler.accepts.start);
  const inline = !text.slice(handler.body.start, handler.accepts.start).includes('\n');
  const edit = {
    start: handler.body.start,
    end: handler.body.start,
    text: inline ? ` ${line}${isSwift(file) ? ';' : ''}` : eol + indent + line,
  };
  return [fixIn(`Require the team ${team}`, file, [edit])];
}

/** Handed to something that may look at the peer; to be kept in a collection is no such thing. */
const isJudgedElsewhere = ({ handler }: HandlerUse): boolean =>
  [...handler.use.handedTo].some((name) => !keepers.has(name));

const keepers: ReadonlySet<string> = new Set([
  'insert',
  'append',
  'add',
  'addObject',
  'remove',
  'removeObject',
  'contains',
  'containsObject',
]);
