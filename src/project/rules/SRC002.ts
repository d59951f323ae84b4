import { acceptEdits, protocolOf } from './codeFixes.ts';
import type { HandlerUse, ProjectContext } from './context.ts';
import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC002: ProjectRule = {
  id: 'SRC002',
  severity: 'error',
  title: 'A connection is accepted without an interface or never resumed',
  doc: {
    what: 'listener:shouldAcceptNewConnection: returns YES without exportedInterface and exportedObject, or without resume or activate.',
    why: 'A connection that is not resumed delivers nothing, and one without an exported object answers no message: the peer waits or is cut off.',
    evidence: "The seed's code; Apple's SimpleFirewall sample.",
    fix: 'Set the interface and the object, then resume, before returning YES.',
    bad: '{ return YES; }',
    good: '{ c.exportedInterface = …; c.exportedObject = self; [c resume]; return YES; }',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const u of incompleteAccepts(c)) {
      if (seen.has(`${u.file}:${u.handler.start}`)) continue;
      seen.add(`${u.file}:${u.handler.start}`);
      const text = c.model.cache.text(u.file) ?? '';
      const edits = acceptEdits(u.file, text, u.handler, protocolOf(c, [u.target]), undefined);
      yield {
        file: u.file,
        range: u.handler.accepts ?? u.handler,
        message: `The new connection is accepted ${lacks(u)}.`,
        fixes: edits.length > 0 ? [fixIn('Set the interface and the object, and resume', u.file, edits)] : [],
      };
    }
  },
};

/** Handlers whose connection stays in sight and is not made to work. */
export const incompleteAccepts = (c: ProjectContext): readonly HandlerUse[] =>
  c.relatedTargets
    .filter((t) => t.platform !== 'ios' && t.productType !== 'test')
    .flatMap((target) =>
      c.handlers(target).filter((u) => u.handler.accepts && !u.handler.use.escapes && lacks(u) !== ''),
    );

function lacks({ handler: { use } }: HandlerUse): string {
  const missing: string[] = [];
  const oneWay = use.sets.has('remoteObjectInterface');
  if (!use.sets.has('exportedInterface') && !oneWay) missing.push('exportedInterface');
  if (!use.sets.has('exportedObject') && !(oneWay && !use.sets.has('exportedInterface')))
    missing.push('exportedObject');
  if (!use.calls.has('resume') && !use.calls.has('activate')) missing.push('resume');
  return missing.length === 0 ? '' : `without ${missing.join(', ').replace(/, (\w+)$/, ' and $1')}`;
}
