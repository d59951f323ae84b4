import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF015: ProjectRule = {
  id: 'INF015',
  severity: 'error',
  title: "The extension's product name is not its bundle id",
  doc: {
    what: 'PRODUCT_NAME of the system extension differs from its bundle id.',
    why: 'The system looks for <bundle id>.systemextension in the app; under another name the activation fails with OSSystemExtensionErrorDomain 4.',
    evidence:
      "Apple's SimpleFirewall sample; ten of ten public projects (the id itself, $(PRODUCT_BUNDLE_IDENTIFIER), or $(inherited)).",
    fix: 'Set PRODUCT_NAME to $(PRODUCT_BUNDLE_IDENTIFIER).',
    bad: 'PRODUCT_NAME = Extension',
    good: 'PRODUCT_NAME = $(PRODUCT_BUNDLE_IDENTIFIER)',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      if (sysex.origin === 'inferred') continue;
      for (const { settings } of sysex.configurations) {
        const name = settings.get('PRODUCT_NAME');
        const id = settings.get('PRODUCT_BUNDLE_IDENTIFIER');
        const wrapper = settings.get('WRAPPER_NAME');
        if (!name?.complete || !id?.complete || id.text === '' || !settings.known || wrapper?.from) continue;
        if (name.text === id.text || c.mentionedInScripts(/\.systemextension/)) continue;
        const place = name.from ?? id.from ?? sysex.place;
        yield {
          file: place.file,
          range: place.range,
          message: `The bundle would be ${name.text}.systemextension; the system looks for ${id.text}.systemextension.`,
          fixes: name.from
            ? [
                fixIn('Set to $(PRODUCT_BUNDLE_IDENTIFIER)', name.from.file, [
                  {
                    ...name.from.range,
                    text: name.from.file.endsWith('.xcconfig')
                      ? '$(PRODUCT_BUNDLE_IDENTIFIER)'
                      : '"$(PRODUCT_BUNDLE_IDENTIFIER)"',
                  },
                ]),
              ]
            : [],
        };
      }
    }
  },
};
