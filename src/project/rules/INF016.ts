import { entriesOf, lookup } from '../../plist/value.ts';
import { extension } from '../files.ts';
import { setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const INF016: ProjectRule = {
  id: 'INF016',
  severity: 'warning',
  title: 'A Swift provider class without its module',
  doc: {
    what: 'NEProviderClasses names a class that is declared in Swift, without a module before it.',
    why: 'The Objective-C runtime knows a Swift class as Module.Class, so the bare name is not found. A class with an @objc(Name) of its own, and one written in Objective-C, has no module.',
    evidence: "Apple's SimpleFirewall sample; LuLu is written in Objective-C and rightly has none.",
    fix: 'Write $(PRODUCT_MODULE_NAME). before the class.',
    bad: '<string>FilterDataProvider</string>',
    good: '<string>$(PRODUCT_MODULE_NAME).FilterDataProvider</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations)
        for (const e of entriesOf(lookup(configuration.info.part?.root, 'NetworkExtension', 'NEProviderClasses'))) {
          const name = c.text(configuration, configuration.info, e.value);
          if (!name?.complete || name.text.includes('.')) continue;
          const declared = c.facts(sysex).find((f) => f.facts.classes.some((k) => k.name === name.text));
          if (!declared || extension(declared.file) !== 'swift') continue;
          if (c.model.cache.text(declared.file)?.includes(`@objc(${name.text})`)) continue;
          yield {
            ...name.location,
            message: `${name.text} is a Swift class: the runtime knows it as Module.${name.text}.`,
            fixes: setStringFix(
              `Change to $(PRODUCT_MODULE_NAME).${name.raw}`,
              configuration.info,
              e.value,
              `$(PRODUCT_MODULE_NAME).${name.raw}`,
            ),
          };
        }
  },
};
