import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import { entitlementsRules } from '../../../../src/entitlements/rules/registry.ts';
import { Lines } from '../../../../src/project/lines.ts';
import { placeFindings } from '../../../../src/project/report/finding.ts';
import { findingJson } from '../../../../src/project/report/json.ts';
import { sarifLog, uriOf } from '../../../../src/project/report/sarif.ts';
import { findingText, summaryText } from '../../../../src/project/report/text.ts';
import { projectRules } from '../../../../src/project/rules/registry.ts';
import { fixture, lintFiles } from '../../../support/project.ts';
import { sarifSchema } from '../../../support/sarif-schema.ts';

const files = fixture('seed');
const findings = lintFiles(files);
const placed = placeFindings(
  findings,
  (f) => files[f],
  (f) => `a b/${f}`,
);
const rules = [...entitlementsRules, ...projectRules];

describe('reports', () => {
  it('are SARIF 2.1.0', () => {
    const ajv = new Ajv({
      formats: {
        uri: (s: string) => URL.canParse(s),
        'uri-reference': (s: string) => URL.canParse(s, 'file:///x/') && !/[ "<>\\^`{|}]/.test(s),
      },
    });
    const validate = ajv.compile(sarifSchema);
    const log = JSON.parse(JSON.stringify(sarifLog(placed, rules, '1.0.0'))) as {
      runs: { results: { ruleId: string; ruleIndex: number }[]; tool: { driver: { rules: { id: string }[] } } }[];
    };
    assert.ok(validate(log), JSON.stringify(validate.errors));
    const [run] = log.runs;
    assert.equal(run?.results.length, findings.length);
    for (const { ruleId, ruleIndex } of run?.results ?? []) assert.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId);
    assert.ok(validate(sarifLog([], rules, '1.0.0')));
  });
  it('encode what a URI cannot hold', () => {
    assert.equal(uriOf('a b/ü#?.m'), 'a%20b/%C3%BC%23%3F.m');
    assert.equal(uriOf('/x/y'), 'file:///x/y');
  });
  it('give lines and columns from 1 in JSON', () => {
    const json = placed.map(findingJson).find((f) => f.rule === 'SRC002');
    assert.deepEqual(json && [json.severity, json.file, json.line, json.column, json.endLine, json.endColumn], [
      'error',
      'a b/App/Server.m',
      25,
      1,
      25,
      11,
    ]);
    assert.ok(json?.fixes.every((f) => Object.keys(f).join() === 'title'));
  });
  it('show the place and the source to people', () => {
    const [server] = placed.filter((p) => p.finding.rule === 'SRC002');
    const text = findingText(server!);
    assert.match(text, /^a b\/App\/Server\.m:25:1: error SRC002: /);
    assert.match(text, /\n {3}25 \| return YES;\n {6}\| \^{10}\n/);
    assert.match(text, /= fix: Set the interface/);
    assert.match(summaryText(placed), /^7 errors, \d warnings, \d notes\.\n$/);
    assert.equal(summaryText([]), 'No findings.\n');
  });
  it('let no control character of a file reach the terminal', () => {
    const hostile = '\u001b[31mred\u0007 \u009b';
    const [one] = placeFindings(
      [
        {
          rule: 'X',
          severity: 'error',
          file: 'f\u001b',
          range: { start: 0, end: 3 },
          message: hostile,
          fixes: [{ title: hostile, edits: [] }],
        },
      ],
      () => hostile,
      (f) => f,
    );
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(findingText(one!).replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f]/);
  });
});

describe('lines', () => {
  it('turn offsets into positions', () => {
    const lines = new Lines('ab\r\nc\n');
    assert.deepEqual(
      [0, 2, 4, 5, 6, 99, -1].map((o) => Object.values(lines.at(o)).join(':')),
      ['1:1', '1:3', '2:1', '2:2', '3:1', '3:1', '1:1'],
    );
    assert.deepEqual([lines.text(1), lines.text(2), lines.text(3), lines.text(9)], ['ab', 'c', '', '']);
  });
});
