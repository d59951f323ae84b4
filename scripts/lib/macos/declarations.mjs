// What our own headers in sysext/macos/sdk declare, as clang reads them: classes, protocols, methods, properties,
// functions, constants and enumerators, each with the header's place. Read by who writes the link stubs and by who holds
// the headers against the real SDK.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { compileFlags, root, tool } from './toolchain.mjs';

export const sdkFolder = path.join(root, 'sysext/macos/sdk');
const frameworksFolder = 'System/Library/Frameworks';

/** All that can be imported: the umbrella header of each framework, and the headers of usr/include. */
function imports(sdk) {
  const frameworks = readdirSync(path.join(sdk, frameworksFolder))
    .filter((name) => name.endsWith('.framework'))
    .sort()
    .map((name) => path.basename(name, '.framework'));
  const include = path.join(sdk, 'usr/include');
  const plain = readdirSync(include, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.h'))
    .sort();
  return [...frameworks.map((name) => `${name}/${name}.h`), ...plain].map((name) => `#import <${name}>\n`).join('');
}

/**
 * In the order of the headers. Each: { kind, name, library, file }, where library is the framework's name or the header's
 * path below usr/include; and
 *   class, protocol: superclass      method: owner, selector, instance, arguments, returns     property: owner, instance, type
 *   function: arguments, returns     constant: type     enumerator: value
 * Types are as clang writes them. A second class declaration only forward-declares and is left out.
 */
export function ourDeclarations(sdk = sdkFolder) {
  const flags = compileFlags('arm64', { source: sdk, output: sdk }, 'objective-c');
  const args = [...flags, '-fsyntax-only', '-w', '-Xclang', '-ast-dump=json', '-'];
  const { stdout, stderr, status, error } = spawnSync(tool('clang++'), args, {
    cwd: root,
    input: imports(sdk),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (error || status !== 0) throw new Error(`the headers in ${path.relative(root, sdk)}: ${error?.message ?? stderr}`);
  const found = [];
  const placeOf = places(sdk);
  for (const node of JSON.parse(stdout).inner) {
    const place = placeOf(node);
    if (place) declare(node, place, found);
  }
  return found;
}

/** clang tells a file only where it differs from the one told before, so all nodes are followed in their order. */
function places(sdk) {
  let file = '';
  const follow = (value) => {
    if (typeof value.file === 'string') file = value.file;
    for (const [name, child] of Object.entries(value))
      if (typeof child === 'object' && child !== null && name !== 'includedFrom') follow(child);
  };
  return (node) => {
    follow({ loc: node.loc });
    const own = file;
    follow({ ...node, loc: null });
    const name = path.relative(sdk, own);
    if (own === '' || name.startsWith('..')) return undefined;
    const framework = /(\w+)\.framework\//.exec(name)?.[1];
    return { library: framework ?? path.relative('usr/include', name), file: name };
  };
}

const typeOf = (type) => type?.desugaredQualType ?? type?.qualType ?? '';

function declare(node, place, found) {
  const { kind, name } = node;
  if (kind === 'LinkageSpecDecl') for (const inner of node.inner ?? []) declare(inner, place, found);
  else if (kind === 'ObjCInterfaceDecl' || kind === 'ObjCProtocolDecl') {
    const whole = (node.inner ?? []).some((i) => !i.isImplicit) || node.super;
    if (!whole) return;
    const owner = { kind: kind === 'ObjCInterfaceDecl' ? 'class' : 'protocol', name, superclass: node.super?.name };
    found.push({ ...owner, ...place });
    for (const member of node.inner ?? []) {
      const own = { owner: name, ...place };
      if (member.kind === 'ObjCPropertyDecl')
        found.push({ kind: 'property', name: member.name, instance: !member.class, type: typeOf(member.type), ...own });
      if (member.kind === 'ObjCMethodDecl' && !member.isImplicit)
        found.push({
          kind: 'method',
          name: member.name,
          instance: member.instance !== false,
          arguments: parameters(member),
          variadic: member.variadic === true,
          returns: typeOf(member.returnType),
          ...own,
        });
    }
  } else if (kind === 'FunctionDecl' && !node.isImplicit && node.storageClass !== 'static' && !node.inline) {
    const returns = /^(.*?)\s*\(/.exec(typeOf(node.type))?.[1] ?? '';
    found.push({
      kind: 'function',
      name,
      arguments: parameters(node),
      variadic: node.variadic === true,
      returns,
      ...place,
    });
  } else if (kind === 'VarDecl' && node.storageClass === 'extern')
    found.push({ kind: 'constant', name, type: typeOf(node.type), ...place });
  else if (kind === 'EnumDecl') {
    let next = 0;
    for (const member of (node.inner ?? []).filter((i) => i.kind === 'EnumConstantDecl')) {
      const value = valueOf(member.inner?.[0]) ?? next;
      found.push({ kind: 'enumerator', name: member.name, owner: name, value, ...place });
      next = value + 1;
    }
  }
}

const parameters = (node) => (node.inner ?? []).filter((i) => i.kind === 'ParmVarDecl').map((i) => typeOf(i.type));

function valueOf(expression) {
  if (!expression) return undefined;
  if (expression.kind === 'ConstantExpr' && expression.value !== undefined) return Number(expression.value);
  return valueOf(expression.inner?.[0]);
}

export const hasSdk = (sdk = sdkFolder) => existsSync(path.join(sdk, frameworksFolder));
