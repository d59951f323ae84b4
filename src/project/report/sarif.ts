// SARIF 2.1.0 (OASIS, 2020), as code hosts read it.
import type { Fix, Severity } from '../../entitlements/finding.ts';
import type { RuleInfo } from '../../entitlements/rules/rule.ts';
import { ruleUrl } from '../../entitlements/rules/rule.ts';
import type { PlacedFinding } from './finding.ts';

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
  hint: 'note',
};

/** A relative reference (RFC 3986): each component percent-encoded; one that holds a colon first needs a `./`. */
export function uriOf(file: string): string {
  const encoded = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${encoded}` : encoded;
}

function fixOf({ title, edits }: Fix, placed: PlacedFinding) {
  const files = [...new Set(edits.map((e) => e.file))];
  return {
    description: { text: title },
    artifactChanges: files.map((file) => ({
      artifactLocation: { uri: uriOf(placed.nameOf(file)) },
      replacements: edits
        .filter((e) => e.file === file)
        .map((e) => ({
          deletedRegion: { charOffset: e.start, charLength: e.end - e.start },
          ...(e.text === '' ? {} : { insertedContent: { text: e.text } }),
        })),
    })),
  };
}

export function sarifLog(findings: readonly PlacedFinding[], rules: readonly RuleInfo[], version: string): object {
  const indexOf = new Map(rules.map((rule, i) => [rule.id, i]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Flowtap',
            version,
            informationUri: 'https://github.com/flowtap/flowtap',
            rules: rules.map((rule) => ({
              id: rule.id,
              shortDescription: { text: rule.title },
              fullDescription: { text: rule.doc.what },
              help: { text: `${rule.doc.why}\n\n${rule.doc.fix}` },
              helpUri: ruleUrl(rule.id),
              defaultConfiguration: { level: levels[rule.severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((placed) => resultOf(placed, indexOf)),
      },
    ],
  };
}

function resultOf(placed: PlacedFinding, indexOf: ReadonlyMap<string, number>): object {
  const { finding, file, start, end } = placed;
  const ruleIndex = indexOf.get(finding.rule);
  // A file that a fix makes has no place in a replacement of text.
  const fixes = finding.fixes.filter((fix) => !fix.creates?.length && fix.edits.length > 0);
  return {
    ruleId: finding.rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: levels[finding.severity],
    message: { text: finding.message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
        },
      },
    ],
    ...(finding.related?.length
      ? {
          relatedLocations: finding.related.map((related, id) => {
            const at = placed.linesOf(related.file).at(related.range.start);
            return {
              id,
              message: { text: related.message },
              physicalLocation: {
                artifactLocation: { uri: uriOf(placed.nameOf(related.file)) },
                region: { startLine: at.line, startColumn: at.column },
              },
            };
          }),
        }
      : {}),
    ...(fixes.length > 0 ? { fixes: fixes.map((fix) => fixOf(fix, placed)) } : {}),
  };
}
