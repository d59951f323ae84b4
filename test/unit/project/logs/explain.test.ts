import assert from 'node:assert/strict';
import fc from 'fast-check';
import { explain } from '../../../../src/project/logs/explain.ts';
import { logRules } from '../../../../src/project/logs/registry.ts';
import { fixture, lintFiles } from '../../../support/project.ts';

const ids = (text: string): readonly string[] => explain(text).map((e) => e.rule.id);

describe('log lines', () => {
  for (const rule of logRules)
    it(`${rule.id} explains its example`, () => {
      const found = explain(rule.doc.bad);
      assert.ok(
        found.some((e) => e.rule.id === rule.id),
        found.map((e) => e.rule.id).join(),
      );
      for (const { match } of found) {
        assert.match(match.meaning, /[.)]$/);
        assert.ok(match.next.length > 0);
      }
    });
  it('have numbers without gaps', () => {
    assert.deepEqual(
      logRules.map((r) => r.id),
      logRules.map((_, i) => `LOG${String(i + 1).padStart(3, '0')}`),
    );
  });

  for (const [line, expected] of [
    ['OSSystemExtensionErrorDomain error 8.', ['LOG023']],
    ['Error Domain=OSSystemExtensionErrorDomain Code=99', []],
    ['The operation couldn’t be completed. (NEAppProxyErrorDomain error 6.)', ['LOG024']],
    ['Error Domain=NEVPNConnectionErrorDomain Code=12 "x"', ['LOG025']],
    ['Error Domain=NSCocoaErrorDomain Code=4097 "connection to service"', ['LOG026']],
    ['Error Domain=NSCocoaErrorDomain Code=260', []],
    ['taskgated-helper: Disallowing: com.example.app', ['LOG012']],
    ['kernel: Sandbox: App(1) deny(1) file-read-data /x', []],
    ['all is well', []],
    ['', []],
  ] as const)
    it(`of “${line.slice(0, 60)}” gives ${expected.join() || 'nothing'}`, () => assert.deepEqual(ids(line), expected));

  it('are numbered from 1, also with CR LF', () => {
    const [found] = explain('x\r\n\r\ndeny(1) mach-lookup com.example.app.xpc\r\n');
    assert.deepEqual(
      [found?.line, found?.text, found?.match.subject],
      [3, 'deny(1) mach-lookup com.example.app.xpc', 'com.example.app.xpc'],
    );
  });
  it('of a known and an unknown entitlement differ', () => {
    const said = (key: string): string =>
      explain(`Entitlement ${key} not found and could not be included in profile.`)[0]?.match.meaning ?? '';
    assert.match(said('com.apple.developer.usernotifications.critical-alerts'), /exists/);
    assert.match(said('com.apple.developer.nothing-of-the-kind'), /most probably it does not exist/);
  });
  it('lead to the finding of the open project', () => {
    const findings = lintFiles(fixture('seed'));
    const cause = (line: string): string | undefined => {
      const finding = explain(line, findings)[0]?.finding;
      return finding && `${finding.rule} ${finding.file}`;
    };
    assert.equal(cause('failed to do a bootstrap look-up: xpc_error=[3: No such process]'), 'X009 Extension/Client.m');
    assert.equal(
      cause('activating connection: mach=true listener=true peer=false name=TEAM_ID.group.app_id.netfilter.xpc'),
      'SRC001 App/Server.m',
    );
    assert.equal(cause('Error Domain=OSSystemExtensionErrorDomain Code=10'), undefined);
  });
  it('may hold anything', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void explain(text)));
    for (const text of [
      'taskgated '.repeat(100_000),
      'Unsatisfied entitlements: '.repeat(50_000),
      'x'.repeat(5_000_000),
      'Code='.repeat(200_000),
    ])
      assert.ok(explain(text).length < 100);
  });
});
