// Two reads of one flow at once: the second fails with NEAppProxyFlowError.readAlreadyPending.
import type { TextRange } from '../../entitlements/finding.ts';
import type { TokenList } from './cursor.ts';
import type { DoubleRead } from './facts.ts';
import type { Language } from './tokens.ts';

const reads = /^read(Data|Datagrams)/;

interface Read {
  readonly at: number;
  readonly receiver: string;
  readonly method: string;
}

/** Both in one block, one after the other, neither awaited, with no way out between them. */
export function readDoubleReads(list: TokenList, language: Language): readonly DoubleRead[] {
  const byBlock = new Map<number, Read[]>();
  const found: DoubleRead[] = [];
  for (let i = 0; i < list.length; i++) {
    if (list.at(i)?.kind !== 'word' || !reads.test(list.text(i))) continue;
    const receiver = language === 'swift' ? swiftReceiver(list, i) : objcReceiver(list, i);
    if (receiver === undefined || list.block(i) < 0) continue;
    const read: Read = { at: i, receiver, method: reads.exec(list.text(i))?.[1] ?? '' };
    const earlier = byBlock.get(list.block(i)) ?? [];
    const first = earlier.find((r) => r.receiver === receiver && r.method === read.method);
    if (first && straight(list, first.at, i)) {
      const moves = movesOf(call(list, first.at, language), call(list, i, language));
      found.push({ ...place(list, i), first: place(list, first.at), ...(moves && { moves }) });
    } else byBlock.set(list.block(i), [...earlier, read]);
  }
  return found;
}

const place = (list: TokenList, i: number): TextRange => ({ start: list.at(i)?.start ?? 0, end: list.at(i)?.end ?? 0 });

/** `flow.readData {`, with a completion; awaited calls come one after the other. */
function swiftReceiver(list: TokenList, i: number): string | undefined {
  if (!list.is(i - 1, '.') || list.at(i - 2)?.kind !== 'word') return undefined;
  for (let k = i - 2; k > i - 8 && k >= 0; k--) if (list.isWord(k, 'await')) return undefined;
  if (!list.is(i + 1, '{') && !list.is(i + 1, '(')) return undefined;
  return list.text(i - 2);
}

function objcReceiver(list: TokenList, i: number): string | undefined {
  if (!list.text(i).endsWith('WithCompletionHandler') && !list.text(i).includes('CompletionHandler')) return undefined;
  return list.at(i - 1)?.kind === 'word' ? list.text(i - 1) : undefined;
}

/** No statement between the two that could leave the first: return, else, case, break, throw. */
function straight(list: TokenList, from: number, to: number): boolean {
  const block = list.block(from);
  for (let i = from; i < to; i++)
    if (list.block(i) === block && /^(return|else|case|default|break|continue|throw)$/.test(list.text(i))) return false;
  return true;
}

interface Call extends TextRange {
  /** Where the brace stands that ends the completion. */
  readonly completionEnd: number;
}

const movesOf = (first: Call | undefined, second: Call | undefined): DoubleRead['moves'] =>
  first && second && { statement: { start: second.start, end: second.end }, into: first.completionEnd };

/** The call as a statement of its own, with its completion written in place; undefined in any other form. */
function call(list: TokenList, i: number, language: Language): Call | undefined {
  const closing = (brace: number, from: number, to: number): Call | undefined => {
    const [start, end, at] = [list.at(from)?.start, list.at(to)?.end, list.at(brace)?.start];
    return list.is(brace, '}') && start !== undefined && end !== undefined && at !== undefined
      ? { start, end, completionEnd: at }
      : undefined;
  };
  if (language !== 'swift') {
    // [flow readDataWithCompletionHandler:^(…) { … }];
    const close = list.is(i - 2, '[') ? list.pair(i - 2) : -1;
    return close > 0 && list.is(close + 1, ';') && /^[{};]$/.test(list.text(i - 3))
      ? closing(close - 1, i - 2, close + 1)
      : undefined;
  }
  // flow.readData { … }, flow.readDatagrams(…) { … } or flow.readData(completionHandler: { … })
  let from = i - 2;
  while (list.is(from - 1, '.') && list.at(from - 2)?.kind === 'word') from -= 2;
  if (!isStatement(list, from)) return undefined;
  if (list.is(i + 1, '{')) return closing(list.pair(i + 1), from, list.pair(i + 1));
  const close = list.pair(i + 1);
  if (close < 0) return undefined;
  if (list.is(close + 1, '{')) return closing(list.pair(close + 1), from, list.pair(close + 1));
  return closing(close - 1, from, close);
}

/** Nothing before it on its way to be used: no assignment, no `try`, no argument. A call may end the line before. */
const isStatement = (list: TokenList, from: number): boolean => /^[{};)]$/.test(list.text(from - 1));
