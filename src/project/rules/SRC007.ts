import { findKey, findPattern } from '../../entitlements/catalogue/catalogue.ts';
import type { Location } from '../../entitlements/project.ts';
import { entriesOf } from '../../plist/value.ts';
import { turnRoundFix } from '../turnRound.ts';
import { incompleteAccepts } from './SRC002.ts';
import { interfaceless } from './SRC005.ts';
import type { ProjectContext } from './context.ts';
import { lookUpsInSysex, misplacedListeners } from './pattern.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC007: ProjectRule = {
  id: 'SRC007',
  severity: 'error',
  title: 'The endpoint is the wrong way round',
  doc: {
    what: 'All of it in one project: an app that listens (SRC001) with a handler that accepts and does nothing (SRC002), a client without interface (SRC005), and entitlements that were invented for it (ENT007, ENT009).',
    why: 'No single correction helps: the app must not advertise. The extension does, and any number of apps connect to it; there may be none, one or many at once.',
    evidence: 'Developer forums, thread 816702.',
    fix: '"Turn the endpoint round" does it in one step: listener to the extension, connection to the app, NEMachServiceName, the invented keys removed, one app group.',
    bad: 'the two entitlements files and the two sources of the thread',
    good: 'the same project turned round',
  },
  *check(c): Generator<ProjectReport> {
    const accepts = incompleteAccepts(c);
    const clients = interfaceless(c);
    for (const listener of misplacedListeners(c)) {
      const lookUp = lookUpsInSysex(c, listener).find((u) => clients.some((k) => k.object === u.object));
      const handler = accepts.find((u) => u.target === listener.target);
      const fake = fakeKeys(c)[0];
      if (!lookUp || !handler || !fake) continue;
      yield {
        file: listener.file,
        range: listener.object,
        message: `The endpoint is the wrong way round: ${listener.target.name} advertises it, ${lookUp.target.name} looks it up. Let the extension listen and every app connect.`,
        related: [
          { file: lookUp.file, range: lookUp.object, message: 'Looked up here.' },
          { file: handler.file, range: handler.handler, message: 'Accepts, and does nothing with the connection.' },
          { ...fake, message: 'This entitlement does not exist.' },
        ],
        fixes: turnRoundFix(c, listener),
      };
    }
  },
};

/** Entitlements below com.apple.security. that the catalogue does not know. */
function fakeKeys(c: ProjectContext): readonly Location[] {
  return c.targets.flatMap((t) =>
    t.configurations.flatMap((k) =>
      entriesOf(k.entitlements.part?.root)
        .filter((e) => e.key.startsWith('com.apple.security.') && !findKey(e.key) && !findPattern(e.key))
        .map((e) => ({ file: k.entitlements.part?.file ?? '', range: e.keyRange })),
    ),
  );
}
