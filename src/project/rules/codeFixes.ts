// Lines that several rules insert into sources, in the language and style of the file.
import type { TextRange } from '../../entitlements/finding.ts';
import { extension } from '../files.ts';
import type { Target } from '../model.ts';
import type { AcceptHandler } from '../source/facts.ts';
import type { ProjectContext } from './context.ts';
import { indentOf, insertAfterLine } from './fixes.ts';

/** A protocol for the endpoint, where the project shows none that could be meant. */
export const ownProtocol = 'EndpointProtocol';

/** The protocol that code of these targets most probably exports: one that is named like it. */
export function protocolOf(c: ProjectContext, targets: readonly Target[]): string | undefined {
  for (const target of targets)
    for (const file of target.sources) {
      const text = c.model.cache.text(file) ?? '';
      const found =
        /@protocol[ \t]+(\w*(?:XPC|Xpc|IPC|Communication|Protocol|Messages)\w*)(?![\w ]*;)|@objc[^\n]*\bprotocol[ \t]+(\w+)/.exec(
          text,
        );
      const name = found?.[1] ?? found?.[2];
      if (name !== undefined) return name;
    }
  return undefined;
}

export const isSwift = (file: string): boolean => extension(file) === 'swift';

/** `#import` lines stay first. */
export function protocolEdit(file: string, text: string): TextRange & { readonly text: string } {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  let at = 0;
  for (const match of text.matchAll(/^[ \t]*(?:#\s*(?:import|include)\b|@import\b|import\b).*(?:\r?\n|$)/gm))
    at = match.index + match[0].length;
  const lines = isSwift(file)
    ? [`@objc(${ownProtocol}) protocol ${ownProtocol} {`, '    func register(reply: @escaping (Bool) -> Void)', '}']
    : [`@protocol ${ownProtocol}`, '- (void)registerWithReply:(void (^)(BOOL accepted))reply;', '@end'];
  return { start: at, end: at, text: `${at > 0 ? eol : ''}${lines.join(eol)}${eol}${at > 0 ? '' : eol}` };
}

/** What the accept handler lacks, before its first accepting statement; the handler's own method after it. */
export function acceptEdits(
  file: string,
  text: string,
  handler: AcceptHandler,
  protocol: string | undefined,
  team: string | undefined,
): readonly (TextRange & { readonly text: string })[] {
  const { accepts, parameter: p, use } = handler;
  if (!accepts) return [];
  const swift = isSwift(file);
  const name = protocol ?? ownProtocol;
  const lines: string[] = [];
  if (team !== undefined && !use.calls.has('setCodeSigningRequirement')) {
    const requirement = `anchor apple generic and certificate leaf[subject.OU] = \\"${team}\\"`;
    lines.push(
      swift
        ? `${p}.setCodeSigningRequirement("${requirement}")`
        : `[${p} setCodeSigningRequirement:@"${requirement}"];`,
    );
  }
  if (!use.sets.has('exportedInterface') && !use.sets.has('remoteObjectInterface'))
    lines.push(
      swift
        ? `${p}.exportedInterface = NSXPCInterface(with: ${name}.self)`
        : `${p}.exportedInterface = [NSXPCInterface interfaceWithProtocol:@protocol(${name})];`,
    );
  if (!use.sets.has('exportedObject') && !use.sets.has('remoteObjectInterface'))
    lines.push(swift ? `${p}.exportedObject = self` : `${p}.exportedObject = self;`);
  if (!use.calls.has('resume') && !use.calls.has('activate')) lines.push(swift ? `${p}.resume()` : `[${p} resume];`);
  if (lines.length === 0) return [];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = indentOf(text, accepts.start);
  const implicit = swift && !text.startsWith('return', accepts.start) ? 'return ' : '';
  const before = lines.map((line) => line + eol + indent).join('') + implicit;
  const edits = [{ start: accepts.start, end: accepts.start, text: before }];
  if (protocol !== undefined) return edits;
  const close = text.indexOf('}', handler.body.end);
  const outer = indentOf(text, handler.start);
  const method = swift
    ? ['', '@objc func register(reply: @escaping (Bool) -> Void) {', '    reply(true)', '}']
    : ['', '- (void)registerWithReply:(void (^)(BOOL accepted))reply', '{', '    reply(YES);', '}'];
  edits.push({
    start: close + 1,
    end: close + 1,
    text: method.map((line) => eol + (line === '' ? '' : outer + line)).join(''),
  });
  return [protocolEdit(file, text), ...edits];
}

/** The expression that a created object is assigned to. */
export const assignedTo = (text: string, at: number): string | undefined =>
  /((?:self(?:\.|->))?[A-Za-z_]\w*)(?:[ \t]*:[ \t]*[\w?!.]+)?\s*=\s*$/.exec(text.slice(Math.max(0, at - 200), at))?.[1];

/** The remote interface after the statement that creates the connection. */
export function interfaceEdits(
  file: string,
  text: string,
  object: TextRange,
  protocol: string | undefined,
): readonly (TextRange & { readonly text: string })[] {
  const owner = assignedTo(text, object.start);
  if (owner === undefined) return [];
  const name = protocol ?? ownProtocol;
  const line = isSwift(file)
    ? `${owner}.remoteObjectInterface = NSXPCInterface(with: ${name}.self)`
    : `${owner}.remoteObjectInterface = [NSXPCInterface interfaceWithProtocol:@protocol(${name})];`;
  const edit = insertAfterLine(text, object.end, [line]);
  // The creating statement may begin lines above its end: its own indentation counts.
  const indent = indentOf(text, object.start);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const insert = { ...edit, text: eol + indent + line };
  return protocol === undefined ? [protocolEdit(file, text), insert] : [insert];
}

/** Whether an expression that asks the main bundle can stand at `at` in place of a text. */
export function canAskBundle(file: string, text: string, at: number): boolean {
  if (isSwift(file)) return /^\s*import (Foundation|NetworkExtension|Cocoa|AppKit)\b/m.test(text);
  // A constant of C must be initialised by a constant; a macro and an argument need not.
  return !/\bconst\b|^\s*static\b/.test(text.slice(text.lastIndexOf('\n', at) + 1, at));
}

/** The Team ID that every configuration of the target is signed with, where it is known. */
export function teamOf(target: Target): string | undefined {
  const teams = new Set(target.configurations.map((k) => k.settings.value('DEVELOPMENT_TEAM')));
  const [team] = teams;
  return teams.size === 1 && team !== undefined && /^[A-Z0-9]{10}$/.test(team) ? team : undefined;
}
