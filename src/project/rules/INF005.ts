import type { Fix } from '../../entitlements/finding.ts';
import { entry, lookup } from '../../plist/value.ts';
import type { PlistDict, PlistEntry, PlistValue } from '../../plist/value.ts';
import { insertEntry, removeEntry } from '../../plist/xmlEdit.ts';
import { editable, fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF005: ProjectRule = {
  id: 'INF005',
  severity: 'error',
  title: 'NEMachServiceName in the wrong place',
  doc: {
    what: 'NEMachServiceName stands outside the NetworkExtension dictionary.',
    why: 'The system reads it only within NetworkExtension; elsewhere it is a key without a meaning and the name is never registered.',
    evidence: 'A public fix of exactly this mistake (plabayo/rama); a public write-up of the same.',
    fix: 'Move the key into the NetworkExtension dictionary.',
    bad: '<key>NEMachServiceName</key>\n<string>group.com.example.app.xpc</string>\n<key>NetworkExtension</key>\n<dict>…</dict>',
    good: '<key>NetworkExtension</key>\n<dict>\n\t<key>NEMachServiceName</key>\n\t<string>group.com.example.app.xpc</string>\n</dict>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const { info } of sysex.configurations) {
        if (!info.part) continue;
        for (const e of misplaced(info.part.root)) {
          const dict = lookup(info.part.root, 'NetworkExtension');
          const doc = editable(info);
          const inside = entry(dict, 'NEMachServiceName');
          const value = e.value?.kind === 'string' ? e.value.value : undefined;
          const fixes: Fix[] = [];
          if (doc && inside) fixes.push(fixIn('Remove the misplaced key', doc.file, [removeEntry(doc.document, e)]));
          else if (doc && dict?.kind === 'dict' && value !== undefined && !within(e, dict))
            fixes.push(
              fixIn('Move it into NetworkExtension', doc.file, [
                removeEntry(doc.document, e),
                insertEntry(doc.document, dict, 'NEMachServiceName', value),
              ]),
            );
          yield {
            file: info.part.file,
            range: e.keyRange,
            message: 'NEMachServiceName is read only within the NetworkExtension dictionary.',
            fixes,
          };
        }
      }
  },
};

const within = (e: PlistEntry, dict: PlistDict): boolean =>
  e.range.start >= dict.range.start && e.range.end <= dict.range.end;

/** At the top, or in NEProviderClasses. */
function misplaced(root: PlistValue | undefined): readonly PlistEntry[] {
  const network = lookup(root, 'NetworkExtension');
  return [entry(root, 'NEMachServiceName'), entry(lookup(network, 'NEProviderClasses'), 'NEMachServiceName')].filter(
    (e) => e !== undefined,
  );
}
