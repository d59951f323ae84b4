import { replaceString } from '../../plist/xmlEdit.ts';
import { notNames } from './paths.ts';
import type { EntitlementsContext, Report, Rule } from './rule.ts';
import { allStrings, fix, hasVariable, withRightDots, placeOf } from './support.ts';

/** Every variable that signing knows, written out; undefined where one is left. */
function expanded(c: EntitlementsContext, text: string): string | undefined {
  const role = c.roles[0];
  const known = new Map<string, string | undefined>([
    ['TeamIdentifierPrefix', role?.teamId && `${role.teamId}.`],
    ['AppIdentifierPrefix', role?.teamId && `${role.teamId}.`],
    ['DEVELOPMENT_TEAM', role?.teamId],
    ['PRODUCT_BUNDLE_IDENTIFIER', role?.bundleId],
    ['CFBundleIdentifier', role?.bundleId],
  ]);
  const out = withRightDots(text).replace(/\$[({](\w+)[)}]/g, (whole, name: string) => known.get(name) ?? whole);
  return hasVariable(out) ? undefined : out;
}

export const ENT019: Rule = {
  id: 'ENT019',
  severity: 'error',
  title: 'A variable that nothing expands',
  doc: {
    what: 'A value holds $(…) in a file that goes to codesign as it is: by a Makefile, a shell script, Tauri, Electron or Flutter. Where it is not known who reads the file, this is a warning; where Xcode or a script may replace it, nothing is said.',
    why: 'Only an Xcode build replaces variables. Else the signature claims a group whose name begins with a dollar sign, and the program is killed at launch (error 163).',
    evidence: 'Public reports of "has restricted entitlements", one of a Flutter app.',
    fix: 'Write the Team ID of the signing identity.',
    bad: '<key>keychain-access-groups</key>\n<array>\n\t<string>$(AppIdentifierPrefix)com.example.app</string>\n</array>',
    good: '<key>keychain-access-groups</key>\n<array>\n\t<string>ABCDEFGH12.com.example.app</string>\n</array>',
  },
  given: { text: 'a file that codesign reads as it is', processedBy: 'raw' },
  *check(c): Generator<Report> {
    if (c.processedBy === 'xcode' || c.processedBy === 'mixed') return;
    const others = notNames(c);
    for (const item of allStrings(c)) {
      const variable = /\$\(\w+(:[^)]*)?\)|\$\{\w+(:[^}]*)?\}/.exec(item.value)?.[0];
      if (variable === undefined) continue;
      const to = others.has(item) ? undefined : expanded(c, item.value);
      yield {
        range: placeOf(item),
        message:
          c.processedBy === 'raw'
            ? `Nothing replaces ${variable}: no Xcode build processes this file.`
            : `Only an Xcode build replaces ${variable}, and none is known to process this file.`,
        severity: c.processedBy === 'raw' ? 'error' : 'warning',
        fixes: to === undefined ? [] : [fix(c, `Write ${to}`, [replaceString(c.document, item, to)])],
      };
    }
  },
};
