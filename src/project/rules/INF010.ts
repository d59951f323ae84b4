import { entry } from '../../plist/value.ts';
import { addEntryFix, fixIn, firstLine, setStringFix } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';
import { settingValue } from './settingPlace.ts';

export const INF010: ProjectRule = {
  id: 'INF010',
  severity: 'warning',
  title: 'NSSystemExtensionUsageDescription is missing or empty',
  doc: {
    what: 'The extension does not say what it is for.',
    why: 'The system shows this text when it asks the user to allow the extension.',
    evidence: "Apple's documentation of the key and the SimpleFirewall sample; three shipping products leave it empty.",
    fix: 'Say in one sentence what the extension does for the user.',
    bad: '<key>NSSystemExtensionUsageDescription</key>\n<string></string>',
    good: '<key>NSSystemExtensionUsageDescription</key>\n<string>Shows which program talks to whom.</string>',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes)
      for (const configuration of sysex.configurations) {
        const { info } = configuration;
        if (!c.knowsInfo(configuration) || !info.part || !configuration.settings.known) continue;
        const text = c.infoText(configuration, 'NSSystemExtensionUsageDescription');
        if (text && text.text.trim() !== '') continue;
        const said = `${sysex.name} watches the network traffic of this Mac.`;
        const e = entry(info.part.root, 'NSSystemExtensionUsageDescription');
        if (!e && text) {
          // Empty in the build setting that stands in for the key.
          const { file, range } = text.location;
          yield {
            ...text.location,
            message: empty,
            fixes: [fixIn('Add a description', file, [{ ...range, text: settingValue(file, said) }])],
          };
          continue;
        }
        yield {
          file: info.part.file,
          range: e?.value?.range ?? firstLine(info.part.text, info.part.root),
          message: e
            ? empty
            : 'NSSystemExtensionUsageDescription is missing; the user sees it when allowing the extension.',
          fixes: e
            ? setStringFix('Add a description', info, e.value, said)
            : addEntryFix('Add NSSystemExtensionUsageDescription', info, 'NSSystemExtensionUsageDescription', said),
        };
      }
  },
};

const empty = 'The usage description is empty; the user sees it when allowing the extension.';
