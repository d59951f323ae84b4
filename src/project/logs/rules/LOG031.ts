import type { LogRule } from '../rule.ts';

const line = /Invalid system extension\b.*unexpected location|resides in an unexpected location/;

export const LOG031: LogRule = {
  id: 'LOG031',
  severity: 'error',
  title: 'The extension lies in an unexpected place',
  doc: {
    what: 'A line like the example in the log of the app, the extension or the system.',
    why: 'The extension is not in Contents/Library/SystemExtensions of the app, or the name of the product has brackets.',
    evidence: 'A list of forum threads.',
    fix: 'Copy it to $(SYSTEM_EXTENSIONS_FOLDER_PATH) (X017). Name the bundle <bundle id>.systemextension (INF015), without brackets.',
    bad: 'Invalid system extension com.example.app.ext: resides in an unexpected location',
    good: 'no such line',
  },
  match(text) {
    if (!line.test(text)) return undefined;
    return {
      meaning:
        'The extension is not in Contents/Library/SystemExtensions of the app, or the name of the product has brackets.',
      next: [
        'Copy it to $(SYSTEM_EXTENSIONS_FOLDER_PATH) (X017).',
        'Name the bundle <bundle id>.systemextension (INF015), without brackets.',
      ],
      causes: ['X017', 'INF015'],
    };
  },
};
