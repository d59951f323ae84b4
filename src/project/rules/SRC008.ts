import type { Fix } from '../../entitlements/finding.ts';
import { basename } from '../files.ts';
import { isSwift } from './codeFixes.ts';
import { fixIn, indentOf } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const SRC008: ProjectRule = {
  id: 'SRC008',
  severity: 'error',
  title: 'main does not start the system extension mode',
  doc: {
    what: 'No source of a network system extension calls NEProvider.startSystemExtensionMode().',
    why: 'The call connects the process with the system and starts the providers of Info.plist. Without it the extension is activated and does nothing.',
    evidence: "Apple's documentation; ten of ten public extensions call it.",
    fix: 'Call it first thing in main, then dispatchMain().',
    bad: 'dispatchMain()',
    good: 'autoreleasepool { NEProvider.startSystemExtensionMode() }\ndispatchMain()',
  },
  *check(c): Generator<ProjectReport> {
    for (const sysex of c.sysexes) {
      const mains = c.facts(sysex).flatMap(({ file, facts }) => facts.mains.map((range) => ({ file, range })));
      const [main] = mains;
      // Without a main of its own, a library's runs.
      if (!main || c.uses(sysex, 'startSystemExtensionMode')) continue;
      if (!sysex.sourcesComplete && sysex.origin !== 'inferred') continue;
      // Another entry may be behind an app of the extension's library.
      if (
        c.targets.some((t) => t !== sysex && sysex.dependencies.includes(t.id) && c.uses(t, 'startSystemExtensionMode'))
      )
        continue;
      const text = c.model.cache.text(main.file) ?? '';
      yield {
        ...main,
        message: `${sysex.name} never calls NEProvider.startSystemExtensionMode(): its providers do not start.`,
        fixes: insertStart(main.file, text),
      };
    }
  },
};

function insertStart(file: string, text: string): readonly Fix[] {
  const title = 'Call startSystemExtensionMode()';
  const wait = /\bdispatchMain\(\)|\bdispatch_main\(\)/.exec(text);
  if (isSwift(file)) {
    const indent = wait ? indentOf(text, wait.index) : '';
    const call = `autoreleasepool {\n${indent}    NEProvider.startSystemExtensionMode()\n${indent}}\n`;
    const at = wait?.index ?? text.length;
    const edits = [
      {
        start: at,
        end: at,
        text: wait ? `${call}${indent}` : `${text.endsWith('\n') ? '' : '\n'}${call}dispatchMain()\n`,
      },
    ];
    if (!/^\s*import NetworkExtension\b/m.test(text))
      edits.unshift({ start: 0, end: 0, text: 'import NetworkExtension\n' });
    return (wait ?? basename(file) === 'main.swift') ? [fixIn(title, file, edits)] : [];
  }
  const body = /\bmain\s*\([^)]*\)\s*\{/.exec(text);
  if (!body) return [];
  const at = body.index + body[0].length;
  const edits = [
    { start: at, end: at, text: '\n    @autoreleasepool {\n        [NEProvider startSystemExtensionMode];\n    }' },
  ];
  if (!/NetworkExtension/.test(text))
    edits.unshift({ start: 0, end: 0, text: '#import <NetworkExtension/NetworkExtension.h>\n' });
  return [fixIn(title, file, edits)];
}
