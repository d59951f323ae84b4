import { assignedTo, isSwift } from './codeFixes.ts';
import { fixIn, insertAfterLine } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC006: ProjectRule = {
  id: 'SRC006',
  severity: 'error',
  title: 'A connection or listener that is never resumed',
  doc: {
    what: 'A named listener or connection that the code creates gets neither resume nor activate, and is used in the same file only. What the accept handler receives is SRC002.',
    why: 'Both start suspended. A suspended listener accepts nobody, a suspended connection sends nothing.',
    evidence: 'The contract of NSXPCConnection, NSXPCListener and libxpc.',
    fix: 'Call resume (or activate) when it is set up.',
    bad: 'listener = NSXPCListener(machServiceName: name); listener.delegate = self',
    good: 'listener.resume()',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const target of c.relatedTargets) {
      if (target.platform === 'ios' || target.productType === 'test') continue;
      for (const { file, object } of [...c.listeners(target), ...c.clients(target)]) {
        const { owner, escapes, calls } = object.use;
        // The Swift classes of libxpc are active when made.
        if (object.api === 'XPC' || escapes || owner === undefined || seen.has(`${file}:${object.start}`)) continue;
        if (calls.has('resume') || calls.has('activate')) continue;
        if (c.facts(target).some((f) => f.facts.resumed.has(owner))) continue;
        seen.add(`${file}:${object.start}`);
        const text = c.model.cache.text(file) ?? '';
        const expression = assignedTo(text, object.start);
        const line =
          object.api === 'C'
            ? `xpc_connection_resume(${expression})${isSwift(file) ? '' : ';'}`
            : isSwift(file)
              ? `${expression}.resume()`
              : `[${expression} resume];`;
        const edit = insertAfterLine(text, object.end, [line]);
        yield {
          file,
          range: object,
          message: `This ${object.role === 'listener' ? 'listener' : 'connection'} is never resumed.`,
          fixes: expression === undefined ? [] : [fixIn('Resume it', file, [edit])],
        };
      }
    }
  },
};
