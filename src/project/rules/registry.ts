// The project rules. A new rule is one file and one line here.
import { INF001 } from './INF001.ts';
import { INF002 } from './INF002.ts';
import { INF003 } from './INF003.ts';
import { INF004 } from './INF004.ts';
import { INF005 } from './INF005.ts';
import { INF006 } from './INF006.ts';
import { INF007 } from './INF007.ts';
import { INF008 } from './INF008.ts';
import { INF009 } from './INF009.ts';
import { INF010 } from './INF010.ts';
import { INF011 } from './INF011.ts';
import { INF012 } from './INF012.ts';
import { INF013 } from './INF013.ts';
import { INF014 } from './INF014.ts';
import { INF015 } from './INF015.ts';
import { INF016 } from './INF016.ts';
import { INF017 } from './INF017.ts';
import { INF018 } from './INF018.ts';
import { X001 } from './X001.ts';
import { X002 } from './X002.ts';
import { X003 } from './X003.ts';
import { X004 } from './X004.ts';
import { X005 } from './X005.ts';
import { X006 } from './X006.ts';
import { X007 } from './X007.ts';
import { X008 } from './X008.ts';
import { X009 } from './X009.ts';
import { X010 } from './X010.ts';
import { X011 } from './X011.ts';
import { X012 } from './X012.ts';
import { X013 } from './X013.ts';
import { X014 } from './X014.ts';
import { X015 } from './X015.ts';
import { X016 } from './X016.ts';
import { X017 } from './X017.ts';
import { X018 } from './X018.ts';
import { X019 } from './X019.ts';
import { X020 } from './X020.ts';
import { X021 } from './X021.ts';
import { X022 } from './X022.ts';
import { X023 } from './X023.ts';
import { X024 } from './X024.ts';
import { X025 } from './X025.ts';
import { SRC001 } from './SRC001.ts';
import { SRC002 } from './SRC002.ts';
import { SRC003 } from './SRC003.ts';
import { SRC004 } from './SRC004.ts';
import { SRC005 } from './SRC005.ts';
import { SRC006 } from './SRC006.ts';
import { SRC007 } from './SRC007.ts';
import { SRC008 } from './SRC008.ts';
import { SRC009 } from './SRC009.ts';
import { SRC010 } from './SRC010.ts';
import { SRC011 } from './SRC011.ts';
import { SRC012 } from './SRC012.ts';
import { SRC013 } from './SRC013.ts';
import { SRC014 } from './SRC014.ts';
import { SRC015 } from './SRC015.ts';
import type { ProjectRule } from './rule.ts';

export const projectRules: readonly ProjectRule[] = [
  INF001,
  INF002,
  INF003,
  INF004,
  INF005,
  INF006,
  INF007,
  INF008,
  INF009,
  INF010,
  INF011,
  INF012,
  INF013,
  INF014,
  INF015,
  INF016,
  INF017,
  INF018,
  X001,
  X002,
  X003,
  X004,
  X005,
  X006,
  X007,
  X008,
  X009,
  X010,
  X011,
  X012,
  X013,
  X014,
  X015,
  X016,
  X017,
  X018,
  X019,
  X020,
  X021,
  X022,
  X023,
  X024,
  X025,
  SRC001,
  SRC002,
  SRC003,
  SRC004,
  SRC005,
  SRC006,
  SRC007,
  SRC008,
  SRC009,
  SRC010,
  SRC011,
  SRC012,
  SRC013,
  SRC014,
  SRC015,
];
