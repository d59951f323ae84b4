import { embedPhase } from '../embedPhase.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X017: ProjectRule = {
  id: 'X017',
  severity: 'error',
  title: 'The system extension is not copied into the app',
  doc: {
    what: 'No build phase copies the product of the system extension to Contents/Library/SystemExtensions of the app.',
    why: 'The activation looks for it there: OSSystemExtensionErrorDomain 4 (extension not found).',
    evidence: 'Four public projects: a Copy Files phase to $(SYSTEM_EXTENSIONS_FOLDER_PATH), destination 16.',
    fix: 'Add a Copy Files phase "Embed System Extensions".',
    bad: 'app target without such a phase',
    good: 'dstSubfolderSpec = 16; dstPath = "$(SYSTEM_EXTENSIONS_FOLDER_PATH)"',
  },
  *check(c): Generator<ProjectReport> {
    for (const { app, sysex } of c.pairs) {
      if (sysex.origin === 'inferred' || app.project !== sysex.project) continue;
      const copies = app.embeds.filter((e) => e.target === sysex.id);
      if (copies.some((e) => e.destination === 'system-extensions')) continue;
      if (c.mentionedInScripts(/SystemExtensions|SYSTEM_EXTENSIONS_FOLDER_PATH|\.systemextension/)) continue;
      const [copy] = copies;
      const edits = embedPhase(c.model.cache, app, sysex);
      yield {
        ...(copy?.place ?? app.place),
        message: copy
          ? `${sysex.name} is copied to another folder of ${app.name} than Contents/Library/SystemExtensions.`
          : `Nothing copies ${sysex.name} to Contents/Library/SystemExtensions of ${app.name}.`,
        fixes: !copy && edits ? [{ title: 'Add the phase “Embed System Extensions”', edits, preferred: true }] : [],
      };
    }
  },
};
