import { entry, lookup } from '../../plist/value.ts';
import { removeEntryFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF008: ProjectRule = {
  id: 'INF008',
  severity: 'warning',
  title: 'One Info.plist for two kinds of extension',
  doc: {
    what: 'NSExtension stands in the Info.plist of a system extension, or NetworkExtension > NEMachServiceName in that of an app extension.',
    why: 'Each kind reads its own dictionary and ignores the other. What is ignored misleads the reader, and tools that judge the bundle by it.',
    evidence: 'Developer forums, thread 800887; a public project that split its plist later.',
    fix: 'Give each target its own Info.plist.',
    bad: '<key>NSExtension</key> beside <key>NetworkExtension</key>',
    good: 'Info.plist of the system extension: NetworkExtension only',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const { info } of sysex.configurations) {
        const e = entry(info.part?.root, 'NSExtension');
        if (e && info.part)
          yield {
            file: info.part.file,
            range: e.keyRange,
            message: 'NSExtension belongs to app extensions; a system extension has NetworkExtension.',
            fixes: removeEntryFix('Remove NSExtension', info, e),
          };
      }
    for (const target of c.targets) {
      if (!c.isProviderAppex(target)) continue;
      for (const { info } of target.configurations) {
        const e = entry(lookup(info.part?.root, 'NetworkExtension'), 'NEMachServiceName');
        if (e && info.part)
          yield {
            file: info.part.file,
            range: e.keyRange,
            message: 'An app extension advertises no Mach service; NEMachServiceName belongs to system extensions.',
            fixes: removeEntryFix('Remove NEMachServiceName', info, e),
          };
      }
    }
  },
};
