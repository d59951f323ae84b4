import type { Fix } from '../../entitlements/finding.ts';
import type { AcceptHandler } from '../source/facts.ts';
import { isSwift } from './codeFixes.ts';
import { fixIn, indentOf } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC011: ProjectRule = {
  id: 'SRC011',
  severity: 'warning',
  title: 'One stored connection for many clients',
  doc: {
    what: 'The accept handler of a system extension overwrites one property with each new connection.',
    why: 'Each login session can run the app. The second client takes the place of the first, which then hears nothing more.',
    evidence: 'Developer forums, thread 816702; SimpleFirewall, Proton and PIA keep one.',
    fix: 'Keep a set of connections, remove each in its invalidation handler, send to all.',
    bad: 'currentConnection = newConnection',
    good: 'connections.insert(newConnection)',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      if (c.listeners(sysex).length === 0) continue;
      for (const { file, handler } of c.handlers(sysex))
        if (handler.stored)
          yield {
            file,
            range: handler.stored,
            message: `Each new connection replaces the one in ${handler.stored.property}: with several login sessions only the last client is served.`,
            fixes: keepAll(file, c.model.cache.text(file) ?? '', handler),
          };
    }
  },
};

/**
 * A list in place of the one connection. Only in Swift and where nothing else names the property: what is sent to it would
 * have to be sent to each, which nobody but its author can write.
 */
function keepAll(file: string, text: string, { stored, parameter }: AcceptHandler): readonly Fix[] {
  if (!stored || !isSwift(file)) return [];
  const name = stored.property;
  const declaration = new RegExp(`\\bvar\\s+${name}\\s*:\\s*NSXPCConnection\\s*[?!](?:\\s*=\\s*nil)?(?=[ \\t]*(?:\\r?\\n|$))`).exec(text); // prettier-ignore
  const assignment = new RegExp(`\\b${name}\\s*=\\s*${parameter}\\b`).exec(text.slice(stored.start));
  if (
    !declaration ||
    assignment?.index === undefined ||
    [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length !== 2
  )
    return [];
  const start = stored.start + assignment.index;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const forget = text.includes('invalidationHandler')
    ? ''
    : `${eol}${indentOf(text, start)}${parameter}.invalidationHandler = { [weak self, weak ${parameter}] in self?.${name}.removeAll { $0 === ${parameter} } }`;
  return [
    fixIn('Keep every connection', file, [
      {
        start: declaration.index,
        end: declaration.index + declaration[0].length,
        text: `var ${name}: [NSXPCConnection] = []`,
      },
      { start, end: start + assignment[0].length, text: `${name}.append(${parameter})${forget}` },
    ]),
  ];
}
