// Declarations: string constants, provider classes, entry points, provider bundle ids.
import { basename } from '../files.ts';
import type { TokenList } from './cursor.ts';
import type { ClassDeclaration, Constant, NameExpression, SourceString } from './facts.ts';
import { nameExpression } from './names.ts';
import type { Language } from './tokens.ts';
import type { TextRange } from '../../entitlements/finding.ts';

const range = (list: TokenList, from: number, to = from): TextRange => ({
  start: list.at(from)?.start ?? 0,
  end: list.at(to)?.end ?? 0,
});

/** Literals joined by nothing (C) are one; a dynamic one is none. */
function literalAt(list: TokenList, i: number): { value: string; last: number } | undefined {
  let value = '';
  let last = i;
  for (; list.at(last)?.kind === 'string'; last++) {
    if (list.at(last)?.dynamic) return undefined;
    value += list.text(last);
  }
  return last > i ? { value, last: last - 1 } : undefined;
}

export function readConstants(list: TokenList, language: Language): readonly Constant[] {
  const found: Constant[] = [];
  const add = (name: number, value: number): void => {
    const literal = literalAt(list, value);
    // A literal that is part of a larger expression is not the value.
    if (!literal || list.is(literal.last + 1, '+') || list.is(literal.last + 1, '.')) return;
    found.push({
      name: list.text(name).replace(/^_+/, ''),
      value: literal.value,
      valueRange: range(list, value, literal.last),
      ...range(list, name),
    });
  };
  for (let i = 0; i < list.length; i++) {
    if (list.at(i)?.kind === 'directive' && list.text(i) === '#define') {
      // #define NAME @"…", parentheses allowed
      const value = list.is(i + 2, '(') ? i + 3 : i + 2;
      if (list.at(i + 1)?.kind === 'word' && list.at(i + 2)?.start !== list.at(i + 1)?.end) add(i + 1, value);
    } else if (list.at(i)?.kind === 'word' && list.is(i + 1, '=') && list.at(i + 2)?.kind === 'string') {
      // NSString * const NAME = @"…"; let name = "…"; case name = "…"
      if (declares(list, i, language)) add(i, i + 2);
    } else if (list.is(i, ':') && list.isWord(i + 1, 'String') && list.at(i - 1)?.kind === 'word') {
      // let name: String = "…"; static var name: String { "…" }
      if (list.is(i + 2, '=')) add(i - 1, i + 3);
      else if (list.is(i + 2, '{')) {
        const value = list.isWord(i + 3, 'return') ? i + 4 : i + 3;
        const literal = literalAt(list, value);
        if (literal && list.pair(i + 2) === literal.last + 1) add(i - 1, value);
      }
    }
  }
  return found;
}

function declares(list: TokenList, i: number, language: Language): boolean {
  const before = list.text(i - 1);
  if (language === 'swift') return before === 'let' || before === 'case';
  if (before === '*') return true;
  return ['const', 'NSString', 'char', 'CFStringRef', 'auto', ']'].includes(before);
}

/** Identifiers only: a dot within, no space or slash; long texts are prose. */
export function readStrings(list: TokenList): readonly SourceString[] {
  const found: SourceString[] = [];
  for (const { kind, text, start, end, dynamic } of list.tokens)
    if (kind === 'string' && !dynamic && text.length <= 200 && /^[\w$(){}:-]+(\.[\w$(){}:-]+)+$/.test(text))
      found.push({ value: text, start, end });
  return found;
}

export function readClasses(list: TokenList, language: Language): readonly ClassDeclaration[] {
  const found: ClassDeclaration[] = [];
  const keyword = language === 'swift' ? 'class' : 'interface';
  for (let i = 0; i < list.length; i++) {
    if (!list.isWord(i, keyword) || list.at(i + 1)?.kind !== 'word' || !list.is(i + 2, ':')) continue;
    // Swift may qualify: NetworkExtension.NEFilterDataProvider.
    let last = i + 3;
    while (list.is(last + 1, '.') && list.at(last + 2)?.kind === 'word') last += 2;
    if (list.at(last)?.kind === 'word')
      found.push({ name: list.text(i + 1), superclass: list.text(last), ...range(list, i + 1) });
  }
  return found;
}

/** `@main`, `int main(`, and the whole of a file named main.swift. */
export function readMains(list: TokenList, language: Language, path: string): readonly TextRange[] {
  const found: TextRange[] = [];
  if (language === 'swift' && basename(path) === 'main.swift') found.push(range(list, 0));
  for (let i = 0; i < list.length; i++) {
    if (!list.isWord(i, 'main')) continue;
    const annotated = list.is(i - 1, '@');
    const cFunction = language === 'objc' && list.isWord(i - 1, 'int') && list.is(i + 1, '(');
    if (annotated || cFunction) found.push(range(list, annotated ? i - 1 : i, i));
  }
  return found;
}

/** `x.providerBundleIdentifier = NAME`, `[x setProviderBundleIdentifier:NAME]`. */
export function readProviderIds(list: TokenList, language: Language): readonly NameExpression[] {
  const found: NameExpression[] = [];
  for (let i = 0; i < list.length; i++) {
    if (list.isWord(i, 'providerBundleIdentifier') && list.is(i + 1, '=') && !list.is(i + 2, '=')) {
      const end = language === 'swift' ? swiftEnd(list, i + 2) : list.expressionEnd(i + 2, list.length);
      found.push(nameExpression(list, i + 2, end));
    } else if (list.isWord(i, 'setProviderBundleIdentifier') && list.is(i + 1, ':'))
      found.push(nameExpression(list, i + 2, list.expressionEnd(i + 2, list.length)));
  }
  return found;
}

/** Swift ends a statement where the next word follows a word or literal: no operator joins them. */
function swiftEnd(list: TokenList, from: number): number {
  let i = from;
  while (i < list.length) {
    const token = list.at(i);
    if (token?.kind === 'symbol' && ';)]}'.includes(token.text)) return i;
    if (token?.kind === 'symbol' && '([{'.includes(token.text)) {
      const close = list.pair(i);
      if (close < 0) return i;
      i = close;
    }
    const next = list.at(i + 1);
    const joins = next?.kind === 'symbol' && !'@}'.includes(next.text);
    const open = token?.kind === 'symbol' && !')]}'.includes(token.text) && token.text !== '!' && token.text !== '?';
    i++;
    if (!joins && !open) return i;
  }
  return i;
}
