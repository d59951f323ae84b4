// The page of a rule in docs/rules, from what the rule says of itself. `node scripts/gen-rule-docs.mjs` writes them.
import type { Given, RuleInfo } from './rule.ts';

export type PagedRule = RuleInfo & { readonly given?: Given };

const severityText = { error: 'Error', warning: 'Warning', info: 'Information', hint: 'Hint' } as const;

function example(title: string, text: string): string {
  const shown = text.replaceAll('\ufeff', '<U+FEFF>').replaceAll('\r', '<CR>');
  const language = /^\s*<|^<U\+FEFF>/.test(shown) ? 'xml' : '';
  return `## ${title}\n\n\`\`\`${language}\n${shown.trimEnd()}\n\`\`\`\n`;
}

export function rulePage(rule: PagedRule): string {
  const { doc, given } = rule;
  return [
    '<!-- Written by scripts/gen-rule-docs.mjs from the rule itself. -->\n',
    `# ${rule.id}: ${rule.title}\n`,
    `${severityText[rule.severity]}${given ? `, in ${given.text}` : ''}.\n`,
    `${doc.what}\n`,
    `## Why\n\n${doc.why}\n`,
    `## What to do\n\n${doc.fix}\n`,
    example('Wrong', doc.bad),
    example('Right', doc.good),
    `## Known from\n\n${doc.evidence}\n`,
    `## Turning it off\n\nIn \`.flowtaprc\` or in the setting \`flowtap.lint.rules\`: \`{ "${rule.id}": "off" }\`, or another severity.\n`,
  ].join('\n');
}

export const rulesIndex = (rules: readonly RuleInfo[]): string =>
  [
    '<!-- Written by scripts/gen-rule-docs.mjs from the rules themselves. -->\n',
    '# Rules\n',
    '| Rule | Severity | What it finds |',
    '| --- | --- | --- |',
    ...rules.map(
      (rule) =>
        `| [${rule.id}](${rule.id}.md) | ${severityText[rule.severity]} | ${rule.title.replaceAll('|', '\\|')} |`,
    ),
    '',
  ].join('\n');
