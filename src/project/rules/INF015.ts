import type { Fix } from '../../entitlements/finding.ts';
import { extension } from '../files.ts';
import { fixIn, insertAfterLine } from './fixes.ts';
import type { Location } from '../../entitlements/project.ts';
import type { ProjectContext } from './context.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';
import { isShared, settingValue } from './settingPlace.ts';

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
        // What the project sets for all its targets is right for the others.
        const own = name.from && !isShared(c, sysex, 'PRODUCT_NAME', name.from) ? name.from : undefined;
        const place = own ?? id.from ?? sysex.place;
        yield {
          file: place.file,
          range: place.range,
          message: `The bundle would be ${name.text}.systemextension; the system looks for ${id.text}.systemextension.`,
          fixes: own
            ? [
                fixIn('Set to $(PRODUCT_BUNDLE_IDENTIFIER)', own.file, [
                  {
                    ...own.range,
                    text: settingValue(own.file, '$(PRODUCT_BUNDLE_IDENTIFIER)'),
                  },
                ]),
              ]
            : setBeside(c, id.from),
        };
      }
    }
  },
};

/** In the target's own settings, after the bundle id. */
function setBeside(c: ProjectContext, id: Location | undefined): readonly Fix[] {
  const text = id && c.model.cache.text(id.file);
  const line = id && lines.get(extension(id.file));
  if (!id || text === undefined || line === undefined) return [];
  return [
    fixIn('Set PRODUCT_NAME to $(PRODUCT_BUNDLE_IDENTIFIER)', id.file, [insertAfterLine(text, id.range.end, [line])]),
  ];
}

const lines: ReadonlyMap<string, string> = new Map([
  ['pbxproj', 'PRODUCT_NAME = "$(PRODUCT_BUNDLE_IDENTIFIER)";'],
  ['xcconfig', 'PRODUCT_NAME = $(PRODUCT_BUNDLE_IDENTIFIER)'],
]);
