// Plists for tests.
import { emptyPlist } from '../../src/plist/xmlEdit.ts';
import type { Plain } from '../../src/plist/xmlEdit.ts';

export const plist = (body: Plain): string => emptyPlist({ eol: '\n', unit: '\t' }, body);
