// The expression by which code names something: a literal, a constant, or neither.
import type { NameExpression } from './facts.ts';
import type { TokenList } from './cursor.ts';

/** Tokens [from, to). */
export function nameExpression(list: TokenList, from: number, to: number): NameExpression {
  const first = list.at(from);
  const last = list.at(to - 1);
  const range = { start: first?.start ?? 0, end: last?.end ?? first?.end ?? 0 };
  // C bridges between string types: (__bridge CFStringRef)X, X as String, [X UTF8String], X.UTF8String.
  let start = from;
  while (list.is(start, '(') && list.pair(start) > start && list.pair(start) + 1 < to && list.pair(start) - start <= 5)
    start = list.pair(start) + 1;
  let end = to;
  if (list.is(start, '[') && list.isWord(end - 2, 'UTF8String')) {
    start++;
    end -= 2;
  }
  if (list.isWord(end - 1, 'UTF8String') && list.is(end - 2, '.')) end -= 2;
  const count = end - start;
  const token = list.at(start);
  if (!token || count <= 0) return range;
  if (token.kind === 'string') {
    // Adjacent literals are one.
    let literal = '';
    for (let i = start; i < end; i++) {
      const part = list.at(i);
      if (part?.kind !== 'string' || part.dynamic) return range;
      literal += part.text;
    }
    return { ...range, literal };
  }
  // A path of names: Constants.Xpc.machName, self.machName.
  for (let i = start; i < end; i++) {
    const even = (i - start) % 2 === 0;
    if (even ? list.at(i)?.kind !== 'word' : !list.is(i, '.')) return range;
    // Of a type (Constants.name) or of self; a property of some object (bundle.name) is computed.
    if (even && i < end - 1 && !/^([A-Z]|self$)/.test(list.text(i))) return range;
  }
  const identifier = list.text(end - 1);
  // A parameter or a computed local of the same name hides a constant of another file.
  return count === 1 && isComputed(list, identifier) ? range : { ...range, identifier };
}

/** Whether the file declares the name as a parameter, or as a variable with a value that is no literal. */
function isComputed(list: TokenList, name: string): boolean {
  for (let i = 0; i < list.length; i++) {
    if (!list.isWord(i, name)) continue;
    const before = list.text(i - 1);
    const declared = before === 'let' || before === 'var';
    if (declared && list.is(i + 1, '=') && list.at(i + 2)?.kind !== 'string') return true;
    // Swift: `(name: String`, `label name: String`. Objective-C: `:(NSString *)name`.
    if (
      !declared &&
      list.is(i + 1, ':') &&
      list.at(i + 2)?.kind === 'word' &&
      /^(String|Swift|CFString)/.test(list.text(i + 2))
    )
      return true;
    if (list.is(i - 1, ')') && list.is(list.pair(i - 1) - 1, ':')) return true;
    if (before === '*' && list.is(i + 1, '=') && list.at(i + 2)?.kind !== 'string') return true;
  }
  return false;
}
