// Our headers against the real SDK: each class, superclass, protocol, method, property, function, constant and enumerator
// must be there, with as many arguments, of the same kinds, and the same value.
import { memberOf, joined, kindOfOurs, kindOfReal, realSdk } from './real-sdk.mjs';

/** What the language gives a meaning to without being in the SDK's metadata. */
const knownElsewhere = new Set([
  // Literals: the compiler emits these itself.
  'method NSArray arrayWithObjects:count:',
  // Protocols of the language's runtime.
  'protocol NSFastEnumeration',
  'method NSFastEnumeration countByEnumeratingWithState:objects:count:',
]);

/** @returns {{ confirmed: number, problems: string[] }} */
export function checkDeclarations(declarations) {
  const sdk = realSdk([...new Set(declarations.map((d) => d.library))]);
  const problems = [];
  let confirmed = 0;
  for (const declaration of declarations) {
    const name = nameOf(declaration);
    const problem = knownElsewhere.has(name) ? undefined : checks[declaration.kind](declaration, sdk);
    if (problem) problems.push(`${declaration.file}: ${name}: ${problem}`);
    else confirmed++;
  }
  return { confirmed, problems };
}

const nameOf = ({ kind, owner, name }) => [kind, owner, name].filter(Boolean).join(' ');
const absent = 'the real SDK has no such thing';

const checks = {
  class({ name, superclass }, { classes }) {
    const real = classes.get(name);
    if (!real) return absent;
    if (superclass === real.superclass || real.superclass === undefined) return undefined;
    return `its superclass is ${real.superclass}, not ${superclass}`;
  },
  protocol: ({ name }, { classes }) => (classes.has(name) ? undefined : absent),
  method({ owner, name, instance, arguments: list, variadic, returns }, sdk) {
    const real = memberOf(sdk, owner, joined(name), instance);
    if (!real) return absent;
    if (real.kind === 'property') return list.length === 0 ? different('it', returns, real.type) : 'it is a property';
    return signature({ list, variadic, returns }, real);
  },
  property({ owner, name, instance, type }, sdk) {
    const real = memberOf(sdk, owner, name, instance);
    if (!real) return absent;
    if (real.kind === 'method')
      return real.arguments.length === 0 ? different('it', type, real.returns) : 'it is a method';
    return different('it', type, real.type);
  },
  function({ name, arguments: list, variadic, returns }, { functions }) {
    const real = functions.get(name);
    return real ? signature({ list, variadic, returns }, real) : absent;
  },
  constant({ name, type }, { constants }) {
    const real = constants.get(name);
    return real ? different('it', type, real.type) : absent;
  },
  enumerator({ name, value }, { enums, constants }) {
    const real = enumeratorOf(name, enums);
    if (real !== undefined) return sameValue(value, real);
    return constants.has(name) ? undefined : absent; // a constant without its value
  },
};

/**
 * The generator leaves the enum's name out of its members' names, more or less: NEAppProxyFlowErrorAborted is
 * NEAppProxyFlowError.Aborted, kCFStringEncodingUTF8 is CFStringBuiltInEncodings.UTF8.
 */
function enumeratorOf(name, enums) {
  const plain = (text) =>
    text
      .replace(/^k(?=[A-Z])/, '')
      .replaceAll('_', '')
      .toLowerCase();
  let best = { common: 4, value: undefined };
  for (const [type, members] of enums) {
    if (members.has(name)) return members.get(name);
    for (const [member, value] of members) {
      if (!name.endsWith(member)) continue;
      const [a, b] = [plain(name.slice(0, -member.length)), plain(type)];
      let common = 0;
      while (common < a.length && a[common] === b[common]) common++;
      if (common > best.common) best = { common, value };
    }
  }
  return best.value;
}

const sameValue = (ours, real) => (ours === real ? undefined : `it is ${real}, not ${ours}`);

function signature({ list, variadic, returns }, real) {
  if (!variadic && list.length !== real.arguments.length)
    return `it takes ${real.arguments.length} arguments, not ${list.length}`;
  for (const [i, type] of list.entries()) {
    const problem = different(`argument ${i + 1}`, type, real.arguments[i]);
    if (problem) return problem;
  }
  return different('its result', returns, real.returns);
}

/** Which kinds of ours can stand for one of the generator's: it turns some pointers and handles into objects. */
function different(what, ours, real) {
  const [a, b] = [kindOfOurs(ours), kindOfReal(real)];
  if (a === undefined || b === undefined || a === b) return undefined;
  const handles = ['object', 'pointer', 'text'];
  if (handles.includes(a) && handles.includes(b) && (a !== 'text' || b !== 'object' || !ours.startsWith('NSString')))
    return undefined;
  return `${what} is a ${b} (${real}), not a ${a} (${ours})`;
}
