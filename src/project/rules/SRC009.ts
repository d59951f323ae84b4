import type { Fix, TextRange } from '../../entitlements/finding.ts';
import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC009: ProjectRule = {
  id: 'SRC009',
  severity: 'error',
  title: 'NSExtensionMain as the entry of a system extension',
  doc: {
    what: 'A system extension is linked with -e _NSExtensionMain, or its code calls NSExtensionMain.',
    why: 'That is the entry of app extensions. A system extension has a main of its own that calls startSystemExtensionMode().',
    evidence: 'One public report.',
    fix: 'Remove the linker flag; write a main.',
    bad: 'OTHER_LDFLAGS = "-e _NSExtensionMain"',
    good: 'main.swift with NEProvider.startSystemExtensionMode()',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      for (const { file, facts } of c.facts(sysex)) {
        const range = facts.words.get('NSExtensionMain');
        if (range && c.users(file).every((t) => t.productType === 'system-extension'))
          yield { file, range, message: 'NSExtensionMain is the entry of app extensions.' };
      }
      for (const { settings } of sysex.configurations) {
        const flags = settings.get('OTHER_LDFLAGS');
        if (flags?.from && /_NSExtensionMain\b/.test(flags.text))
          yield {
            file: flags.from.file,
            range: flags.from.range,
            message: `${sysex.name} is linked with the entry of app extensions.`,
            fixes: withoutFlag(c.model.cache.text(flags.from.file) ?? '', flags.from),
          };
      }
    }
  },
};

/** The flag as one word of a string; in a list of words it is left to the person. */
function withoutFlag(
  text: string,
  { file, range }: { readonly file: string; readonly range: TextRange },
): readonly Fix[] {
  const found = /\s*(?:-e|-Wl,-e,|-Xlinker -e -Xlinker) ?_NSExtensionMain\b/.exec(text.slice(range.start, range.end));
  if (!found) return [];
  const start = range.start + found.index;
  return [fixIn('Remove the flag', file, [{ start, end: start + found[0].length, text: '' }])];
}
