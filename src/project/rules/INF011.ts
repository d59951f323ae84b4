import { entry } from '../../plist/value.ts';
import { removeEntryFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF011: ProjectRule = {
  id: 'INF011',
  severity: 'error',
  title: 'XPCService in the Info.plist of a system extension',
  doc: {
    what: 'The Info.plist has the key XPCService.',
    why: 'It describes bundled XPC services. sysextd takes such a bundle for one and refuses it.',
    evidence: 'One public report.',
    fix: 'Remove the key; a system extension is named by NEMachServiceName.',
    bad: '<key>XPCService</key>\n<dict>…</dict>',
    good: '<key>NetworkExtension</key>\n<dict>…</dict>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const { info } of sysex.configurations) {
        const e = entry(info.part?.root, 'XPCService');
        if (e && info.part)
          yield {
            file: info.part.file,
            range: e.keyRange,
            message: 'XPCService describes a bundled XPC service, not a system extension.',
            fixes: removeEntryFix('Remove XPCService', info, e),
          };
      }
  },
};
