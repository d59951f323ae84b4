import { interfaceEdits, protocolOf } from './codeFixes.ts';
import type { EndpointUse, ProjectContext } from './context.ts';
import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC005: ProjectRule = {
  id: 'SRC005',
  severity: 'error',
  title: 'A connection without a remote interface',
  doc: {
    what: 'A connection to a named endpoint gets no remoteObjectInterface, and is used in the same file only.',
    why: 'Without the interface the proxy knows no messages: the first call raises an exception. Nothing is ever sent, so the look-up may not even happen.',
    evidence: "The seed's code; every public client sets it.",
    fix: 'Set remoteObjectInterface before resume.',
    bad: 'self.connection = [[NSXPCConnection alloc] initWithMachServiceName:NAME options:0]; [self.connection resume];',
    good: 'self.connection.remoteObjectInterface = [NSXPCInterface interfaceWithProtocol:@protocol(Messages)];',
  },
  *check(c): Generator<ProjectReport> {
    const seen = new Set<string>();
    for (const u of interfaceless(c)) {
      if (seen.has(`${u.file}:${u.object.start}`)) continue;
      seen.add(`${u.file}:${u.object.start}`);
      const edits = interfaceEdits(u.file, c.model.cache.text(u.file) ?? '', u.object, protocolOf(c, [u.target]));
      yield {
        file: u.file,
        range: u.object,
        message: 'This connection has no remoteObjectInterface: no message can be sent over it.',
        fixes: edits.length > 0 ? [fixIn('Set remoteObjectInterface', u.file, edits)] : [],
      };
    }
  },
};

/** Connections that stay in sight and get no interface in any file of the target. */
export const interfaceless = (c: ProjectContext): readonly EndpointUse[] =>
  c.relatedTargets
    .filter((t) => t.platform !== 'ios' && t.productType !== 'test')
    .flatMap((target) =>
      c.clients(target).filter(({ object: { api, use } }) => {
        if (api !== 'NSXPC' || use.escapes || use.owner === undefined) return false;
        // One that exports and sends nothing may wait for the other side to speak.
        if (use.sets.has('remoteObjectInterface') || use.sets.has('exportedInterface')) return false;
        return !c.facts(target).some((f) => f.facts.interfaced.has(use.owner ?? ''));
      }),
    );
