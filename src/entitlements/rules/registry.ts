// The single-file rules of entitlements. A new rule is one file and one line here.
import { ENT001 } from './ENT001.ts';
import { ENT002 } from './ENT002.ts';
import { ENT003 } from './ENT003.ts';
import { ENT004 } from './ENT004.ts';
import { ENT005 } from './ENT005.ts';
import { ENT006 } from './ENT006.ts';
import { ENT007 } from './ENT007.ts';
import { ENT008 } from './ENT008.ts';
import { ENT009 } from './ENT009.ts';
import { ENT010 } from './ENT010.ts';
import { ENT011 } from './ENT011.ts';
import { ENT012 } from './ENT012.ts';
import { ENT013 } from './ENT013.ts';
import { ENT014 } from './ENT014.ts';
import { ENT015 } from './ENT015.ts';
import { ENT016 } from './ENT016.ts';
import { ENT017 } from './ENT017.ts';
import { ENT018 } from './ENT018.ts';
import { ENT019 } from './ENT019.ts';
import { ENT020 } from './ENT020.ts';
import { ENT021 } from './ENT021.ts';
import { ENT022 } from './ENT022.ts';
import { ENT023 } from './ENT023.ts';
import { ENT024 } from './ENT024.ts';
import { ENT025 } from './ENT025.ts';
import { ENT026 } from './ENT026.ts';
import { ENT027 } from './ENT027.ts';
import { ENT028 } from './ENT028.ts';
import { ENT029 } from './ENT029.ts';
import { ENT030 } from './ENT030.ts';
import { ENT031 } from './ENT031.ts';
import { ENT032 } from './ENT032.ts';
import { ENT033 } from './ENT033.ts';
import { ENT034 } from './ENT034.ts';
import { ENT035 } from './ENT035.ts';
import { ENT036 } from './ENT036.ts';
import type { Rule } from './rule.ts';

export const entitlementsRules: readonly Rule[] = [
  ENT001,
  ENT002,
  ENT003,
  ENT004,
  ENT005,
  ENT006,
  ENT007,
  ENT008,
  ENT009,
  ENT010,
  ENT011,
  ENT012,
  ENT013,
  ENT014,
  ENT015,
  ENT016,
  ENT017,
  ENT018,
  ENT019,
  ENT020,
  ENT021,
  ENT022,
  ENT023,
  ENT024,
  ENT025,
  ENT026,
  ENT027,
  ENT028,
  ENT029,
  ENT030,
  ENT031,
  ENT032,
  ENT033,
  ENT034,
  ENT035,
  ENT036,
];
