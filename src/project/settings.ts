// Build settings of one target in one configuration, resolved as Xcode does: the levels from the target down to the
// platform's defaults, $(inherited), conditional assignments, nested names and the common operators. What cannot
// be known stays in the text as $(NAME), and `complete` says so; rules then stay silent.
import type { TextRange } from '../entitlements/finding.ts';
import type { SettingCondition } from '../plist/xcconfig.ts';
import { matches } from './glob.ts';

export interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly conditions: readonly SettingCondition[];
  readonly file: string;
  readonly range: TextRange;
}

/** One level: a target's or project's own settings, or an .xcconfig with its includes. Later assignments win. */
export type Level = ReadonlyMap<string, readonly Assignment[]>;

export interface Resolved {
  readonly text: string;
  /** False where a variable of the text is unknown; it then still stands in it. */
  readonly complete: boolean;
  /** The winning assignment, for the place of a finding; absent for built-in values. */
  readonly from?: Assignment;
}

/** A name of which a variable leaves nothing, or nothing before its first dot: developers fill such variables in on
 *  their own machines, so what the name will be is not known. */
export const asName = <T extends Resolved>(raw: string, resolved: T): T =>
  raw !== resolved.text && /^(\.|$)/.test(resolved.text) ? { ...resolved, complete: false } : resolved;

/** Deeper nesting than this is a cycle. */
const maxDepth = 32;
const maxLength = 16_384;

/** The end of a `$(NAME…)` that opens at `open`; nested parentheses belong to it. */
function closing(text: string, open: number): number {
  const close = text[open] === '(' ? ')' : '}';
  const opener = text[open];
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === opener) depth++;
    else if (text[i] === close && --depth === 0) return i;
  }
  return -1;
}

/** True where the text names a build variable. */
export const hasVariable = (text: string): boolean => /\$[({]/.test(text);

const operators: Readonly<Record<string, (text: string) => string>> = {
  // A bundle identifier's and a C identifier's alphabets; every other character becomes the replacement.
  rfc1034identifier: (t) => t.replace(/[^A-Za-z0-9-]/g, '-'),
  c99extidentifier: (t) => t.replace(/[^\p{L}\p{N}_]/gu, '_').replace(/^(?=\d)/, '_'),
  identifier: (t) => t.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_'),
  lower: (t) => t.toLowerCase(),
  upper: (t) => t.toUpperCase(),
  file: (t) => t.slice(t.lastIndexOf('/') + 1),
  dir: (t) => t.slice(0, t.lastIndexOf('/') + 1),
  base: (t) => t.slice(t.lastIndexOf('/') + 1).replace(/\.[^.]*$/, ''),
  suffix: (t) => /\.[^./]*$/.exec(t)?.[0] ?? '',
  quote: (t) => t,
  standardizepath: (t) => t,
};

export interface SettingsContext {
  readonly configuration: string;
  /** macosx, iphoneos, ...: what `[sdk=…]` is compared with; undefined where unknown. */
  readonly sdk: string | undefined;
  /** Values that Xcode provides (TARGET_NAME, SRCROOT, ...). Lowest precedence. */
  readonly builtIn: ReadonlyMap<string, string>;
  /** False where a configuration file that could set anything is missing. */
  readonly known?: boolean;
}

export class BuildSettings {
  /** Highest precedence first. */
  readonly #levels: readonly Level[];
  readonly #context: SettingsContext;
  readonly #cache = new Map<string, Resolved | undefined>();
  readonly #open = new Set<string>();
  /** Incomplete answers, good for the one question that is being answered. */
  readonly #doubtful = new Map<string, Resolved>();

  constructor(levels: readonly Level[], context: SettingsContext) {
    this.#levels = levels;
    this.#context = context;
  }

  /** Whether a setting that nothing assigns is surely unset. */
  get known(): boolean {
    return this.#context.known ?? true;
  }

  /** undefined where nothing assigns it. */
  get(name: string): Resolved | undefined {
    return this.#resolved(name, 0);
  }

  /** Each name is resolved once, so that names which double one another cost no more than their number. */
  #resolved(name: string, depth: number): Resolved | undefined {
    if (this.#cache.has(name)) return this.#cache.get(name);
    const doubtful = this.#doubtful.get(name);
    if (doubtful) return doubtful;
    // Met again while it is being resolved: a circle.
    if (this.#open.has(name) || depth > maxDepth) return { text: `$(${name})`, complete: false };
    this.#open.add(name);
    const found = this.#lookUp(name, 0, depth);
    this.#open.delete(name);
    // Within a circle, or too deep, the answer depends on where it began.
    if (this.#open.size === 0 || found?.complete !== false) this.#cache.set(name, found);
    else this.#doubtful.set(name, found);
    if (this.#open.size === 0) this.#doubtful.clear();
    return found;
  }

  /** The text, only where all of it is known. */
  value(name: string): string | undefined {
    const found = this.get(name);
    return found?.complete ? found.text : undefined;
  }

  /** YES and NO; undefined where unset or unknown. */
  flag(name: string): boolean | undefined {
    const text = this.value(name)?.toUpperCase();
    if (text === 'YES' || text === 'TRUE' || text === '1') return true;
    return text === 'NO' || text === 'FALSE' || text === '0' ? false : undefined;
  }

  expand(text: string): Resolved {
    return this.#expand(text, undefined, this.#levels.length, 0);
  }

  /** Every name that some level assigns. */
  names(): readonly string[] {
    return [...new Set(this.#levels.flatMap((level) => [...level.keys()]))];
  }

  /** Yes, no, or unknown where the condition asks for what the files do not tell (an architecture). */
  #holds(condition: SettingCondition): boolean | undefined {
    const { sdk, configuration } = this.#context;
    if (condition.key === 'sdk') return sdk === undefined ? undefined : sdkMatches(condition.pattern, sdk);
    if (condition.key === 'config') return matches(condition.pattern, configuration);
    return condition.pattern === '*' ? true : undefined;
  }

  #lookUp(name: string, fromLevel: number, depth: number): Resolved | undefined {
    for (let i = fromLevel; i < this.#levels.length; i++) {
      const chosen = this.#choose(this.#levels[i]?.get(name) ?? []);
      if (chosen === 'unknown') return { text: `$(${name})`, complete: false };
      if (chosen) return { ...this.#expand(chosen.value, name, i + 1, depth), from: chosen };
    }
    const builtIn = this.#context.builtIn.get(name);
    return builtIn === undefined ? undefined : this.#expand(builtIn, name, this.#levels.length, depth);
  }

  /** Within a level the last assignment whose conditions hold, a conditional one before an unconditional one. */
  #choose(assignments: readonly Assignment[]): Assignment | 'unknown' | undefined {
    let plain: Assignment | undefined;
    let conditional: Assignment | undefined;
    let doubtful = false;
    for (const assignment of assignments) {
      if (assignment.conditions.length === 0) {
        plain = assignment;
        continue;
      }
      const answers = assignment.conditions.map((c) => this.#holds(c));
      if (answers.includes(false)) continue;
      if (answers.includes(undefined)) doubtful ||= assignment.value !== plain?.value;
      else conditional = assignment;
    }
    return doubtful ? 'unknown' : (conditional ?? plain);
  }

  #expand(text: string, self: string | undefined, inheritFrom: number, depth: number): Resolved {
    if (!text.includes('$')) return { text, complete: true };
    if (depth > maxDepth || text.length > maxLength) return { text, complete: false };
    let out = '';
    let complete = true;
    for (let i = 0; i < text.length;) {
      const dollar = text.indexOf('$', i);
      if (dollar < 0) {
        out += text.slice(i);
        break;
      }
      out += text.slice(i, dollar);
      const opener = text[dollar + 1];
      const end = opener === '(' || opener === '{' ? closing(text, dollar + 1) : -1;
      if (end < 0) {
        out += '$';
        i = dollar + 1;
        continue;
      }
      const whole = text.slice(dollar, end + 1);
      const part = this.#variable(text.slice(dollar + 2, end), self, inheritFrom, depth + 1);
      out += part?.text ?? whole;
      if (!part?.complete) complete = false;
      i = end + 1;
      if (out.length > maxLength) return { text: text.slice(0, maxLength), complete: false };
    }
    return { text: out, complete };
  }

  /** `NAME`, `NAME:operator`, `NAME:default=…`; NAME itself may hold variables. */
  #variable(body: string, self: string | undefined, inheritFrom: number, depth: number): Resolved | undefined {
    const [head = '', ...chain] = splitOperators(body);
    const name = this.#expand(head, self, inheritFrom, depth);
    if (!name.complete) return undefined;
    let found: Resolved | undefined;
    if (name.text === 'inherited' || name.text === self)
      found = self === undefined ? undefined : (this.#lookUp(self, inheritFrom, depth) ?? { text: '', complete: true });
    else found = this.#resolved(name.text, depth);
    for (const operator of chain) {
      if (operator.startsWith('default=')) {
        if (!found || found.text === '') found = this.#expand(operator.slice(8), self, inheritFrom, depth);
        continue;
      }
      const apply = operators[operator];
      if (!found?.complete || !apply) return undefined;
      found = { text: apply(found.text), complete: true };
    }
    return found;
  }
}

/** At `:` outside nested variables. */
function splitOperators(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < body.length; i++) {
    const c = body[i];
    if (c === '(' || c === '{') depth++;
    else if (c === ')' || c === '}') depth--;
    else if (c === ':' && depth === 0) {
      parts.push(body.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, body.slice(start)];
}

/** `macosx*`, `macosx`, `macosx15.0`; a versioned pattern matches its platform, as SDKs are rarely pinned. */
const sdkMatches = (pattern: string, sdk: string): boolean => matches(pattern, sdk) || matches(pattern, `${sdk}99.0`);
