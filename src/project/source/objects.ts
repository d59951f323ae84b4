// Named XPC endpoints: where code advertises one (listener) or looks one up (client), and what it then does with
// the object.
import type { TokenList } from './cursor.ts';
import type { ObjectUse, XpcObject } from './facts.ts';
import { nameExpression } from './names.ts';
import type { Language } from './tokens.ts';

interface Creation {
  readonly role: XpcObject['role'];
  readonly api: XpcObject['api'];
  /** Token indices: the first of the creating expression, its last, and the name's [from, to). */
  readonly from: number;
  readonly to: number;
  readonly name: readonly [number, number];
  readonly privileged?: number;
}

export function readObjects(list: TokenList, language: Language): readonly XpcObject[] {
  const found: XpcObject[] = [];
  for (let i = 0; i < list.length; i++) {
    if (list.at(i)?.kind !== 'word') continue;
    const creation = language === 'swift' ? (swiftCreation(list, i) ?? cCreation(list, i)) : objcCreation(list, i);
    if (!creation) continue;
    const { role, api, from, to, name, privileged } = creation;
    const at = list.at(privileged ?? -1);
    found.push({
      role,
      api,
      start: list.at(from)?.start ?? 0,
      end: list.at(to)?.end ?? 0,
      name: nameExpression(list, ...name),
      ...(at ? { privileged: { start: at.start, end: at.end } } : {}),
      use: objectUse(list, ownerOf(list, from)),
    });
  }
  return found;
}

const swiftTypes: Readonly<Record<string, { role: XpcObject['role']; api: 'NSXPC' | 'XPC'; label: string }>> = {
  NSXPCListener: { role: 'listener', api: 'NSXPC', label: 'machServiceName' },
  NSXPCConnection: { role: 'client', api: 'NSXPC', label: 'machServiceName' },
  XPCListener: { role: 'listener', api: 'XPC', label: 'service' },
  XPCSession: { role: 'client', api: 'XPC', label: 'machService' },
};

/** `Type(label: NAME…)`, `Type.init(label: NAME…)`, `let x: Type = .init(label: NAME…)`. */
function swiftCreation(list: TokenList, i: number): Creation | undefined {
  const type = swiftTypes[list.text(i)];
  if (!type || list.is(i - 1, '.')) return undefined;
  let open = i + 1;
  if (list.is(open, '=', '.') && list.isWord(open + 2, 'init')) open += 3;
  else if (list.is(open, '?', '=', '.') && list.isWord(open + 3, 'init')) open += 4;
  else if (list.is(open, '.') && list.isWord(open + 1, 'init')) open += 2;
  if (!list.is(open, '(') || !list.isWord(open + 1, type.label) || !list.is(open + 2, ':')) return undefined;
  const close = list.pair(open);
  const [first, ...others] = list.arguments(open);
  if (close < 0 || !first) return undefined;
  let privileged: number | undefined;
  for (const { from, to } of others) for (let k = from; k < to; k++) if (list.isWord(k, 'privileged')) privileged = k;
  const start = list.is(i + 1, '=') || list.is(i + 1, '?') ? open - 2 : i;
  return {
    role: type.role,
    api: type.api,
    from: start,
    to: close,
    name: [first.from + 2, first.to],
    ...(privileged === undefined ? {} : { privileged }),
  };
}

/** `[[NSXPCListener alloc] initWithMachServiceName:NAME …]`; C functions. */
function objcCreation(list: TokenList, i: number): Creation | undefined {
  const word = list.text(i);
  if (word !== 'NSXPCListener' && word !== 'NSXPCConnection') return cCreation(list, i);
  const outer = i - 2;
  if (!list.is(outer, '[', '[') || !list.isWord(i + 1, 'alloc') || !list.is(i + 2, ']')) return undefined;
  if (!list.isWord(i + 3, 'initWithMachServiceName') || !list.is(i + 4, ':')) return undefined;
  const close = list.pair(outer);
  if (close < 0) return undefined;
  const end = list.expressionEnd(i + 5, close);
  let privileged: number | undefined;
  for (let k = end; k < close; k++) if (list.isWord(k, 'NSXPCConnectionPrivileged')) privileged = k;
  return {
    role: word === 'NSXPCListener' ? 'listener' : 'client',
    api: 'NSXPC',
    from: outer,
    to: close,
    name: [i + 5, end],
    ...(privileged === undefined ? {} : { privileged }),
  };
}

/** libxpc's C functions, from every language. */
function cCreation(list: TokenList, i: number): Creation | undefined {
  const word = list.text(i);
  if (!word.startsWith('xpc_') || !list.is(i + 1, '(')) return undefined;
  const close = list.pair(i + 1);
  const parts = list.arguments(i + 1);
  const [name, , flags] = parts;
  if (close < 0 || !name) return undefined;
  const made = { api: 'C' as const, from: i, to: close, name: [name.from, name.to] as const };
  if (word === 'xpc_listener_create') return { role: 'listener', ...made };
  if (word === 'xpc_session_create_mach_service') return { role: 'client', ...made };
  if (word !== 'xpc_connection_create_mach_service' || !flags) return undefined;
  let privileged: number | undefined;
  let known = true;
  for (let k = flags.from; k < flags.to; k++) {
    const flag = list.text(k);
    if (flag === 'XPC_CONNECTION_MACH_SERVICE_LISTENER') return { role: 'listener', ...made };
    if (flag === 'XPC_CONNECTION_MACH_SERVICE_PRIVILEGED') privileged = k;
    else if (list.at(k)?.kind === 'word' && !['UInt64', 'uint64_t', 'rawValue'].includes(flag)) known = false;
  }
  // A variable as flags may hold the listener's.
  if (!known) return undefined;
  return { role: 'client', ...made, ...(privileged === undefined ? {} : { privileged }) };
}

const bare = (name: string): string => name.replace(/^_+/, '');

/** The variable that the expression at token `from` is assigned to. */
function ownerOf(list: TokenList, from: number): string | undefined {
  let i = from - 1;
  while (list.isWord(i, 'try') || list.isWord(i, 'await') || list.is(i, '?') || list.is(i, '!')) i--;
  if (!list.is(i, '=')) return undefined;
  i--;
  // `let x: Type? =`, `Type *x =`: back over an annotation to the name.
  if (list.is(i, '?') || list.is(i, '!')) i--;
  if (list.at(i)?.kind !== 'word') return undefined;
  if (list.is(i - 1, ':') && list.at(i - 2)?.kind === 'word') i -= 2;
  return bare(list.text(i));
}

/** Everything the file does with `owner` and with names it is copied to. */
export function objectUse(list: TokenList, owner: string | undefined, from = 0, to = list.length): ObjectUse {
  const calls = new Set<string>();
  const sets = new Set<string>();
  const handedTo = new Set<string>();
  if (owner === undefined) return { escapes: true, handedTo, calls, sets };
  const names = new Set([owner]);
  for (let size = 0; size !== names.size;) {
    size = names.size;
    for (let i = from; i < to; i++) {
      if (list.at(i)?.kind !== 'word' || !names.has(bare(list.text(i)))) continue;
      const to = useAt(list, i, calls, sets, names);
      if (to !== undefined) handedTo.add(to);
    }
  }
  return { owner, escapes: handedTo.size > 0, handedTo, calls, sets };
}

/** One mention at token i; by what the object goes out of sight, if it does. */
function useAt(
  list: TokenList,
  i: number,
  calls: Set<string>,
  sets: Set<string>,
  names: Set<string>,
): string | undefined {
  let next = i + 1;
  if (list.is(next, '?') || list.is(next, '!')) next++;
  if (list.is(next, '.') && list.at(next + 1)?.kind === 'word') {
    const member = list.text(next + 1);
    if (list.is(next + 2, '=') && !list.is(next + 3, '=')) sets.add(member);
    else calls.add(member);
    return undefined;
  }
  // [x resume], [self.x setExportedObject:…]
  if (list.at(next)?.kind === 'word' && list.text(next - 1) === list.text(i) && insideMessage(list, i)) {
    const member = list.text(next);
    const property = /^set([A-Z])(\w*)$/.exec(member);
    if (property && list.is(next + 1, ':')) {
      sets.add(`${property[1]?.toLowerCase()}${property[2]}`);
      calls.add(member);
    } else calls.add(member);
    return undefined;
  }
  const before = path(list, i) - 1;
  if (list.isWord(before, 'return')) return 'return';
  if (list.is(before, '=') && !list.is(before - 1, '=') && !list.is(before - 1, '!')) {
    // A copy: `other = x`. What is done with the other is done with this one.
    const target = list.text(before - 1);
    if (list.at(before - 1)?.kind !== 'word') return '=';
    names.add(bare(target));
    return undefined;
  }
  if (list.is(before, '[') && (list.is(i + 1, ']') || list.is(i + 1, ','))) return '[';
  if (list.is(before, '(') || list.is(before, ',') || list.is(before, ':')) {
    const call = enclosingCall(list, before);
    if (/^xpc_(connection|listener|session)_/.test(call)) {
      calls.add(call.replace(/^xpc_[a-z]+_/, ''));
      return undefined;
    }
    // A condition (`if (x)`) or a declaration's parameter is no hand-over.
    if (['if', 'while', 'guard', 'switch', 'NSLog', 'os_log', 'print', 'assert', 'NSAssert', 'property'].includes(call))
      return undefined;
    // `x: NSXPCConnection` in a parameter list or a ternary's label.
    if (list.is(i + 1, ':')) return undefined;
    return list.is(before, ':') ? list.text(before - 1) : call;
  }
  return undefined;
}

/** The first token of `self.a.b` or `self->b` that ends at i. */
function path(list: TokenList, i: number): number {
  let at = i;
  for (;;) {
    if (list.is(at - 1, '.') && list.at(at - 2)?.kind === 'word') at -= 2;
    else if (list.is(at - 2, '-', '>') && list.at(at - 3)?.kind === 'word') at -= 3;
    else return at;
  }
}

/** Whether token i (or the path it ends) is the receiver or an argument of an Objective-C message. */
const insideMessage = (list: TokenList, i: number): boolean => {
  const first = path(list, i);
  return list.is(first - 1, '[') || list.is(i, ':');
};

/** The name before the innermost `(` that holds token i, or ''. */
function enclosingCall(list: TokenList, i: number): string {
  for (let k = i; k >= 0; k--) {
    if (list.is(k, ')') || list.is(k, ']') || list.is(k, '}')) {
      const open = list.pair(k);
      if (open < 0) return '';
      k = open;
    } else if (list.is(k, '(')) return list.text(k - 1);
    else if (list.is(k, '{') || list.is(k, ';') || list.is(k, '[')) return '';
  }
  return '';
}

/** Which names are resumed, and which get a remote interface, anywhere in the file. */
export function readReceivers(list: TokenList): { resumed: ReadonlySet<string>; interfaced: ReadonlySet<string> } {
  const resumed = new Set<string>();
  const interfaced = new Set<string>();
  for (let i = 1; i < list.length; i++) {
    const word = list.text(i);
    const resumes = word === 'resume' || word === 'activate' || /^xpc_\w+_(resume|activate)$/.test(word);
    const sets = word === 'remoteObjectInterface' || word === 'setRemoteObjectInterface';
    if ((!resumes && !sets) || list.at(i)?.kind !== 'word') continue;
    let owner = i - 1;
    if (list.is(i + 1, '(') && word.startsWith('xpc_')) owner = Math.max(i + 2, list.pair(i + 1) - 1);
    else {
      if (list.is(owner, '.')) owner--;
      if (list.is(owner, '?') || list.is(owner, '!')) owner--;
    }
    if (list.at(owner)?.kind === 'word') (sets ? interfaced : resumed).add(bare(list.text(owner)));
  }
  return { resumed, interfaced };
}
