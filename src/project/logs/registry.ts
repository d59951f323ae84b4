// The log rules. A new rule is one file and one line here.
import { LOG001 } from './rules/LOG001.ts';
import { LOG002 } from './rules/LOG002.ts';
import { LOG003 } from './rules/LOG003.ts';
import { LOG004 } from './rules/LOG004.ts';
import { LOG005 } from './rules/LOG005.ts';
import { LOG006 } from './rules/LOG006.ts';
import { LOG007 } from './rules/LOG007.ts';
import { LOG008 } from './rules/LOG008.ts';
import { LOG009 } from './rules/LOG009.ts';
import { LOG010 } from './rules/LOG010.ts';
import { LOG011 } from './rules/LOG011.ts';
import { LOG012 } from './rules/LOG012.ts';
import { LOG013 } from './rules/LOG013.ts';
import { LOG014 } from './rules/LOG014.ts';
import { LOG015 } from './rules/LOG015.ts';
import { LOG016 } from './rules/LOG016.ts';
import { LOG017 } from './rules/LOG017.ts';
import { LOG018 } from './rules/LOG018.ts';
import { LOG019 } from './rules/LOG019.ts';
import { LOG020 } from './rules/LOG020.ts';
import { LOG021 } from './rules/LOG021.ts';
import { LOG022 } from './rules/LOG022.ts';
import { LOG023 } from './rules/LOG023.ts';
import { LOG024 } from './rules/LOG024.ts';
import { LOG025 } from './rules/LOG025.ts';
import { LOG026 } from './rules/LOG026.ts';
import { LOG027 } from './rules/LOG027.ts';
import { LOG028 } from './rules/LOG028.ts';
import { LOG029 } from './rules/LOG029.ts';
import { LOG030 } from './rules/LOG030.ts';
import { LOG031 } from './rules/LOG031.ts';
import type { LogRule } from './rule.ts';

export const logRules: readonly LogRule[] = [
  LOG001,
  LOG002,
  LOG003,
  LOG004,
  LOG005,
  LOG006,
  LOG007,
  LOG008,
  LOG009,
  LOG010,
  LOG011,
  LOG012,
  LOG013,
  LOG014,
  LOG015,
  LOG016,
  LOG017,
  LOG018,
  LOG019,
  LOG020,
  LOG021,
  LOG022,
  LOG023,
  LOG024,
  LOG025,
  LOG026,
  LOG027,
  LOG028,
  LOG029,
  LOG030,
  LOG031,
];
