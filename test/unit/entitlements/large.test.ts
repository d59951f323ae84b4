// Files that are large and wrong throughout. No time is asserted: what does not end in time fails by mocha's limit.
import assert from 'node:assert/strict';
import { checkContext, maxPerRule } from '../../../src/entitlements/check.ts';
import { exampleContext } from '../../../src/entitlements/rules/example.ts';
import { createEntitlementsService } from '../../../src/entitlements/service.ts';

const wrap = (body: string): string => `<plist><dict>${body}</dict></plist>`;
const array = (key: string, value: (i: number) => string, count: number): string =>
  `<key>${key}</key><array>${Array.from({ length: count }, (_, i) => `<string>${value(i)}</string>`).join('')}</array>`;
const security = 'com.apple.security.';
const files: Readonly<Record<string, string>> = {
  'unknown keys on one line': wrap(
    Array.from({ length: 20_000 }, (_, i) => `<key>${security}unknown${i}</key><true/>`).join(''),
  ),
  'the same key again and again': wrap(`<key>${security}print</key><true/>`.repeat(20_000)),
  'groups without prefix': wrap(array(`${security}application-groups`, (i) => `com.example${i}`, 20_000)),
  'groups in both styles': wrap(array(`${security}application-groups`, (i) => `TEAM_ID.group.a${i}`, 20_000)),
  'values that do not exist': wrap(
    array('com.apple.developer.networking.networkextension', (i) => `provider${i}`, 20_000),
  ),
  'paths with a tilde': wrap(
    `<key>${security}app-sandbox</key><true/>${array(`${security}temporary-exception.files.absolute-path.read-only`, (i) => `~/a${i}`, 20_000)}`,
  ),
  'names of a team': wrap(
    `${array(`${security}application-groups`, (i) => `ABCDEFGH12.a${i}`, 2000)}${array(`${security}temporary-exception.mach-lookup.global-name`, (i) => `ABCDEFGH12.b${i}.c`, 20_000)}`,
  ),
  comments: wrap('<!-- -- -->'.repeat(50_000)),
  'open tags': '<dict><key>a'.repeat(50_000),
  'one long text': wrap(`<key>${security}app-sandbox</key><string>${'$(A)&amp;'.repeat(100_000)}</string>`),
  'one long key': wrap(`<key>${security}${'x'.repeat(1_000_000)}</key><true/>`),
  'carriage returns': wrap('\r\n'.repeat(200_000)),
};

describe('large files that are wrong throughout', () => {
  for (const [name, text] of Object.entries(files))
    it(name, () => {
      const findings = checkContext(exampleContext(text, { processedBy: 'raw' }));
      const counts = new Map<string, number>();
      for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
      assert.ok(findings.length > 0);
      for (const count of counts.values()) assert.ok(count <= maxPerRule);
      const service = createEntitlementsService();
      service.complete('a.entitlements', text, text.length >> 1);
      service.hover('a.entitlements', text, text.length >> 1);
      service.symbols('a.entitlements', text);
      service.folding('a.entitlements', text);
      service.format('a.entitlements', text);
      service.fixes('a.entitlements', text, { start: 0, end: text.length }, findings);
    });
});
