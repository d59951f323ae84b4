import type { LogRule } from '../rule.ts';

const line = /AMFIUnserializeXML: syntax error near line (\d+)/;

export const LOG014: LogRule = {
  id: 'LOG014',
  severity: 'error',
  title: 'The kernel cannot read the entitlements',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The entitlements that codesign was given are not what its parser reads: near the line that it names stands a comment, or a value of an unknown type.',
    evidence: 'Ten public reports.',
    fix: 'Remove comments from the file (ENT002). Use only true, false, strings, integers, arrays and dictionaries (ENT004).',
    bad: 'AMFIUnserializeXML: syntax error near line 7',
    good: 'no such line',
  },
  match(text) {
    const name = line.exec(text)?.[1];
    if (name === undefined) return undefined;
    return {
      meaning: `The entitlements that codesign was given are not what its parser reads: near line ${name} stands a comment, or a value of an unknown type.`,
      next: [
        'Remove comments from the file (ENT002).',
        'Use only true, false, strings, integers, arrays and dictionaries (ENT004).',
      ],
      causes: ['ENT002', 'ENT004', 'ENT001', 'ENT003'],
    };
  },
};
