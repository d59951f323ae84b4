// The listener delegate's decision about a new connection.
import type { TokenList } from './cursor.ts';
import type { AcceptHandler } from './facts.ts';
import { objectUse } from './objects.ts';
import type { Language } from './tokens.ts';

export function readAccepts(list: TokenList, language: Language): readonly AcceptHandler[] {
  const found: AcceptHandler[] = [];
  for (let i = 0; i < list.length; i++) {
    if (!list.isWord(i, 'shouldAcceptNewConnection')) continue;
    const parameter = language === 'swift' ? swiftParameter(list, i) : objcParameter(list, i);
    if (parameter === undefined) continue;
    // The body opens before any statement ends; a declaration or a call has none.
    let open = i + 1;
    while (open < list.length && !list.is(open, '{') && !list.is(open, ';') && !list.is(open, '}')) open++;
    const close = list.is(open, '{') ? list.pair(open) : -1;
    if (close < 0) continue;
    const accepts = firstAccept(list, language, open, close);
    const stored = storedProperty(list, parameter, open, close);
    const byProcessId = processIdDecision(list, parameter, open, close);
    found.push({
      start: list.at(i)?.start ?? 0,
      end: list.at(i)?.end ?? 0,
      parameter,
      body: { start: list.at(open)?.end ?? 0, end: list.at(close)?.start ?? 0 },
      ...(accepts ? { accepts } : {}),
      use: objectUse(list, parameter, open, close),
      ...(stored ? { stored } : {}),
      ...(byProcessId ? { byProcessId } : {}),
    });
    i = open;
  }
  return found;
}

/** `shouldAcceptNewConnection newConnection: NSXPCConnection` */
function swiftParameter(list: TokenList, i: number): string | undefined {
  if (list.at(i + 1)?.kind === 'word' && list.is(i + 2, ':')) return list.text(i + 1);
  return list.is(i + 1, ':') && list.isWord(i + 2, 'NSXPCConnection') ? 'shouldAcceptNewConnection' : undefined;
}

/** `shouldAcceptNewConnection:(NSXPCConnection *)newConnection` */
function objcParameter(list: TokenList, i: number): string | undefined {
  if (!list.is(i + 1, ':', '(')) return undefined;
  const close = list.pair(i + 2);
  return close > 0 && list.at(close + 1)?.kind === 'word' ? list.text(close + 1) : undefined;
}

/** `return YES;`, `return true`, or Swift's single expression. */
function firstAccept(list: TokenList, language: Language, open: number, close: number) {
  for (let i = open + 1; i < close; i++)
    if (list.isWord(i, 'return') && ['YES', 'true', '1'].includes(list.text(i + 1)))
      return { start: list.at(i)?.start ?? 0, end: list.at(i + 1)?.end ?? 0 };
  if (language === 'swift' && close === open + 2 && list.isWord(open + 1, 'true'))
    return { start: list.at(open + 1)?.start ?? 0, end: list.at(open + 1)?.end ?? 0 };
  // `BOOL ok = YES; … return ok;`
  for (let i = open + 1; i < close; i++)
    if (list.is(i, '=') && ['YES', 'true'].includes(list.text(i + 1)) && list.at(i - 1)?.kind === 'word') {
      const name = list.text(i - 1);
      for (let k = i; k < close; k++)
        if (list.isWord(k, 'return') && list.isWord(k + 1, name))
          return { start: list.at(k)?.start ?? 0, end: list.at(k + 1)?.end ?? 0 };
    }
  return undefined;
}

/** `self.connection = newConnection`: a property, not a local, not an element of a collection, not guarded. */
function storedProperty(list: TokenList, parameter: string, open: number, close: number) {
  for (let i = open + 1; i < close - 2; i++) {
    if (!list.is(i, '=') || !list.isWord(i + 1, parameter) || list.is(i + 2, '.') || list.is(i - 1, '=')) continue;
    if (list.is(i + 2, '=') || list.is(i - 1, '!') || list.at(i - 1)?.kind !== 'word') continue;
    const property = list.text(i - 1);
    const before = list.text(i - 2);
    // A local: `let c = newConnection`, `NSXPCConnection *c = newConnection`.
    if (before === 'let' || before === 'var' || before === '*' || before === ':' || before === 'NSXPCConnection')
      continue;
    if (list.is(i - 2, '.') && !list.isWord(i - 3, 'self')) continue;
    if (guarded(list, property, open, i)) continue;
    return { property, start: list.at(i - 1)?.start ?? 0, end: list.at(i + 1)?.end ?? 0 };
  }
  return undefined;
}

/** The property is looked at before it is overwritten (compared with nil, invalidated, kept elsewhere). */
function guarded(list: TokenList, property: string, open: number, before: number): boolean {
  const depth = list.block(before);
  for (let i = open + 1; i < before - 1; i++)
    if (list.isWord(i, property) && (list.block(i) === depth || list.block(i) === open)) return true;
  return false;
}

/** `newConnection.processIdentifier` in a condition, or as what the guest code is found by. */
function processIdDecision(list: TokenList, parameter: string, open: number, close: number) {
  const byPid = list.holds(open, close, (w) => w === 'kSecGuestAttributePid');
  for (let i = open + 1; i < close; i++) {
    if (!list.isWord(i, 'processIdentifier')) continue;
    if (!list.isWord(i - 2, parameter) && !list.isWord(i - 1, parameter)) continue;
    if (byPid || inCondition(list, i, open)) return { start: list.at(i)?.start ?? 0, end: list.at(i)?.end ?? 0 };
  }
  return undefined;
}

/** Between `if`/`guard` and its block, or compared. */
function inCondition(list: TokenList, i: number, open: number): boolean {
  for (const k of [i + 1, i + 2]) {
    if (list.is(k, '=', '=') || list.is(k, '!', '=')) return true;
  }
  for (let k = i; k > open; k--) {
    if (list.is(k, ';') || list.is(k, '{') || list.is(k, '}')) return false;
    if (list.isWord(k, 'if') || list.isWord(k, 'guard')) return true;
  }
  return false;
}
