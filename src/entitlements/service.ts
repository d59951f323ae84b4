// The language service of entitlements and Info.plist: plain text and offsets in, plain data out. The editor and
// the command line use it; it knows neither.
import { parsePlist } from '../plist/plist.ts';
import type { PlistDocument } from '../plist/value.ts';
import { formatXmlPlist } from '../plist/xmlFormat.ts';
import { checkContext, contextOf } from './check.ts';
import type { Finding, Fix, TextEdit, TextRange } from './finding.ts';
import { fixAll } from './fixAll.ts';
import type { PlistPurpose } from './kind.ts';
import { purposeOf } from './kind.ts';
import type { ProjectIndex } from './project.ts';
import type { RuleConfig } from './rules/rule.ts';
import { defaultRuleConfig } from './rules/rule.ts';
import type { Completion } from './service/complete.ts';
import { complete } from './service/complete.ts';
import type { Hover } from './service/hover.ts';
import { hoverAt } from './service/hover.ts';
import type { Folding, KeyColour, OutlineSymbol } from './service/outline.ts';
import { coloursOf, foldingOf, symbolsOf } from './service/outline.ts';

export interface EntitlementsServiceOptions {
  /** Asked anew for each request: the project changes while files are edited. */
  readonly project?: () => ProjectIndex | undefined;
  readonly config?: (file: string) => RuleConfig;
}

export interface FixOffer {
  readonly fix: Fix;
  readonly findings: readonly Finding[];
  /** All of one rule in the file. */
  readonly all: boolean;
}

export interface EntitlementsService {
  parse(file: string, text: string): { readonly document: PlistDocument; readonly purpose: PlistPurpose };
  /** Single-file findings; none for a plist that is neither entitlements nor written as such. */
  validate(file: string, text: string): readonly Finding[];
  fixes(file: string, text: string, range: TextRange, findings?: readonly Finding[]): readonly FixOffer[];
  complete(file: string, text: string, offset: number): readonly Completion[];
  hover(file: string, text: string, offset: number): Hover | undefined;
  symbols(file: string, text: string): readonly OutlineSymbol[];
  folding(file: string, text: string): readonly Folding[];
  colours(file: string, text: string): readonly KeyColour[];
  /** No edit where the file is too broken. `unit`: one step of indentation, else the file's own. */
  format(file: string, text: string, unit?: string): readonly TextEdit[];
}

/** Several requests follow each keystroke: the last few documents are kept. */
const kept = 8;

export function createEntitlementsService(options: EntitlementsServiceOptions = {}): EntitlementsService {
  const parsed = new Map<string, { text: string; document: PlistDocument; purpose: PlistPurpose }>();

  const parse = (file: string, text: string) => {
    const known = parsed.get(file);
    if (known?.text === text) return known;
    const document = parsePlist(text);
    const entry = { text, document, purpose: purposeOf(file, document) };
    parsed.delete(file);
    parsed.set(file, entry);
    if (parsed.size > kept) parsed.delete(parsed.keys().next().value!);
    return entry;
  };
  const context = (file: string, document: PlistDocument) =>
    contextOf(file, document, { project: options.project?.(), config: options.config?.(file) ?? defaultRuleConfig });

  const validate = (file: string, text: string): readonly Finding[] => {
    const { document, purpose } = parse(file, text);
    return purpose === 'entitlements' ? checkContext(context(file, document)) : [];
  };

  return {
    parse,
    validate,
    fixes(file, text, range, findings = validate(file, text)) {
      const touched = findings.filter((f) => f.range.start <= range.end && range.start <= f.range.end);
      const offers: FixOffer[] = touched.flatMap((finding) =>
        finding.fixes.map((fix) => ({ fix, findings: [finding], all: false })),
      );
      for (const rule of new Set(touched.map((f) => f.rule))) {
        const alike = findings.filter((f) => f.rule === rule);
        const all = alike.length > 1 ? fixAll(alike) : undefined;
        if (all) offers.push({ fix: { ...all, title: `Fix all ${rule} in this file` }, findings: alike, all: true });
      }
      return offers;
    },
    complete(file, text, offset) {
      const { document, purpose } = parse(file, text);
      if (document.format !== 'xml') return [];
      return complete({ file, purpose, document, offset, project: options.project?.() });
    },
    hover(file, text, offset) {
      const { document, purpose } = parse(file, text);
      return hoverAt(document, purpose, offset, (raw) => context(file, document).resolve(raw));
    },
    symbols: (file, text) => symbolsOf(parse(file, text).document),
    folding: (file, text) => foldingOf(parse(file, text).document),
    colours(file, text) {
      const { document, purpose } = parse(file, text);
      return coloursOf(document, purpose);
    },
    format: (file, text, unit) => formatXmlPlist(parse(file, text).document, unit).map((edit) => ({ ...edit, file })),
  };
}
