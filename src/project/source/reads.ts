// Two reads of one flow at once: the second fails with NEAppProxyFlowError.readAlreadyPending.
import type { TextRange } from '../../entitlements/finding.ts';
import type { TokenList } from './cursor.ts';
import type { Language } from './tokens.ts';

const reads = /^read(Data|Datagrams)/;

interface Read {
  readonly at: number;
  readonly receiver: string;
  readonly method: string;
}

/** Both in one block, one after the other, neither awaited, with no way out between them. */
export function readDoubleReads(list: TokenList, language: Language): readonly (TextRange & { first: TextRange })[] {
  const byBlock = new Map<number, Read[]>();
  const found: (TextRange & { first: TextRange })[] = [];
  for (let i = 0; i < list.length; i++) {
    if (list.at(i)?.kind !== 'word' || !reads.test(list.text(i))) continue;
    const receiver = language === 'swift' ? swiftReceiver(list, i) : objcReceiver(list, i);
    if (receiver === undefined || list.block(i) < 0) continue;
    const read: Read = { at: i, receiver, method: reads.exec(list.text(i))?.[1] ?? '' };
    const earlier = byBlock.get(list.block(i)) ?? [];
    const first = earlier.find((r) => r.receiver === receiver && r.method === read.method);
    if (first && straight(list, first.at, i)) found.push({ ...place(list, i), first: place(list, first.at) });
    else byBlock.set(list.block(i), [...earlier, read]);
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
