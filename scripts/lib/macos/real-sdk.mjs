// The real macOS SDK as somebody else describes it: the declarations of @nativescript/macos-node-api, which were generated
// from it. Read as text, by lines of the shapes its generator writes.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './toolchain.mjs';

const folder = path.join(root, 'node_modules/@nativescript/macos-node-api/types');

/** What is needed of it: these files, those of the frameworks that we declare something of, and what they build upon. */
const base = ['Foundation', 'CoreFoundation', 'Runtime', 'Kernel'];

/** Class members by name: { instance, kind: 'method' | 'property', arguments, returns, type }. Functions and the rest alike. */
export function realSdk(frameworks) {
  const files = [...new Set([...base, ...frameworks])].map((name) => path.join(folder, `${name}.d.ts`));
  const text = files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
    .replace(/<[^<>()]*This extends [^>]*=> any>/g, '')
    .replace(/\(this: This(, )?/g, '(');
  return { classes: classesOf(text), functions: functionsOf(text), constants: constantsOf(text), enums: enumsOf(text) };
}

function classesOf(text) {
  const classes = new Map();
  for (const [, name, superclass, body] of text.matchAll(
    /^declare (?:class|interface) (\w+)(?:<.*?>)?(?: extends (\w+))?[^{\n]*\{\n([\s\S]*?)^\}/gm,
  )) {
    const entry = classes.get(name) ?? { superclass, members: new Map() };
    entry.superclass ??= superclass;
    classes.set(name, entry);
    for (const line of body.split('\n')) {
      const method = /^ {2}(static )?(\w+)\??(?:<[^(]*>)?\((.*)\): (.*);$/.exec(line);
      const property = /^ {2}(static )?(?:readonly |get )?(\w+)\??(?:\(\))?: (.*);$/.exec(line);
      const accessor = /^ {2}(static )?get (\w+)\(\): (.*);$/.exec(line);
      const add = ([, isStatic, member], rest) =>
        entry.members.set(`${isStatic ? '+' : '-'}${member}`, { name: member, ...rest });
      if (accessor) add(accessor, { kind: 'property', type: accessor[3] });
      else if (method) add(method, { kind: 'method', arguments: split(method[3]), returns: method[4] });
      else if (property) add(property, { kind: 'property', type: property[3] });
    }
  }
  return classes;
}

const functionsOf = (text) =>
  new Map(
    [...text.matchAll(/^declare function (\w+)\((.*)\): (.*);$/gm)].map(([, name, list, returns]) => [
      name,
      { arguments: split(list), returns },
    ]),
  );

const constantsOf = (text) =>
  new Map([...text.matchAll(/^declare const (\w+): ([^{\n]+);$/gm)].map(([, name, type]) => [name, { type }]));

/** From the enum's name to its members by value. */
const enumsOf = (text) =>
  new Map(
    [...text.matchAll(/^declare const (\w+): \{\n([\s\S]*?)^\};/gm)].map(([, name, body]) => [
      name,
      new Map([...body.matchAll(/(\w+): (-?\d+)/g)].map(([, member, value]) => [member, Number(value)])),
    ]),
  );

/** The types of a list of parameters: commas inside brackets are not between them. */
function split(list) {
  const found = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= list.length; i++) {
    const c = list[i];
    if (c === '=' && list[i + 1] === '>') i++;
    else if ('([{<'.includes(c ?? ' ')) depth++;
    else if (')]}>'.includes(c ?? ' ')) depth--;
    else if ((c === ',' && depth === 0) || c === undefined) {
      const one = list.slice(start, i).trim();
      if (one) found.push(one.replace(/^\w+\??: /, ''));
      start = i + 1;
    }
  }
  return found;
}

/** A member of a class, one above it, or a protocol's (which the generator writes into whoever adopts it, or not). */
export function memberOf(sdk, className, name, instance) {
  for (let at = className; at; at = sdk.classes.get(at)?.superclass) {
    const member = sdk.classes.get(at)?.members.get(`${instance ? '-' : '+'}${name}`);
    if (member) return member;
  }
  return undefined;
}

/** As the generator names a selector: its parts joined, from the second on with a capital. */
export const joined = (selector) =>
  selector
    .split(':')
    .map((part, i) => (i === 0 ? part : part.slice(0, 1).toUpperCase() + part.slice(1)))
    .join('');

/** What kind of value a TypeScript type of the generator stands for; undefined where it can be several. */
export function kindOfReal(type) {
  const bare = type.replace(/ \| null$/, '');
  if (/=>/.test(type)) return 'block';
  if (bare === 'void') return 'void';
  if (bare === 'boolean') return 'boolean';
  if (bare === 'number' || bare.startsWith('interop.Enum<')) return 'number';
  if (bare === 'string') return 'text';
  if (bare.startsWith('interop.Pointer')) return 'pointer';
  return /^(NS|NE|NW|OS|CF)\w+/.test(bare) ? 'object' : undefined;
}

/** The same for a type as clang writes it. */
export function kindOfOurs(type) {
  const bare = type
    .replace(/\b(__strong|__autoreleasing|__unsafe_unretained|_Nonnull|_Nullable|_Null_unspecified|const)\b/g, '')
    .trim();
  if (/\(\^/.test(bare)) return 'block';
  if (bare === 'void') return 'void';
  if (/^(BOOL|bool|_Bool|signed char)$/.test(bare)) return 'boolean';
  if (/^NSString\b.*\*|^(unsigned )?char \*$/.test(bare)) return 'text';
  if (/^id\b|^instancetype|^NSObject<|^\w+(<.*>)? \*+$/.test(bare) && /^(id|instancetype|NS|NE|NW|OS)/.test(bare))
    return 'object';
  if (bare.endsWith('*')) return 'pointer';
  return /^(enum )?(unsigned |signed )?(int|long|short|NS\w+|NE\w+|OS\w+|nw_endpoint_type_t|uint\w+|int\w+|os_log_type_t)\b/.test(
    bare,
  )
    ? 'number'
    : undefined;
}
