// Quick fixes: one, all of a kind in the file, and "allow this key".
import * as vscode from 'vscode';
import type { FixOffer } from '../../entitlements/service.ts';
import type { Finding } from '../../entitlements/finding.ts';
import { internalCommands } from '../../protocol/ids.ts';
import { workspaceEditOf } from './convert.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Language } from './language.ts';

const fixAllKind = vscode.CodeActionKind.SourceFixAll.append('flowtap');

export class Actions implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, fixAllKind],
  };
  readonly #language: Language;
  readonly #diagnostics: Diagnostics;

  constructor(language: Language, diagnostics: Diagnostics) {
    this.#language = language;
    this.#diagnostics = diagnostics;
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const { service, file, text, project } = this.#language.subject(document);
    const single = service.validate(file, text);
    // What the project said holds for the text it saw.
    const ofProject =
      project && project.workspace.cache.text(file) === text
        ? this.#diagnostics.projectFindings(project, file, true)
        : [];
    const findings = [...single, ...ofProject];
    const wholeFile =
      context.only?.contains(fixAllKind) || fixAllKind.contains(context.only ?? vscode.CodeActionKind.Empty);
    const asked =
      wholeFile && context.only
        ? { start: 0, end: text.length }
        : { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
    const offers = service.fixes(file, text, asked, findings);
    return [
      ...offers.flatMap((offer) => this.#action(document, offer, context) ?? []),
      ...(context.only && !context.only.contains(vscode.CodeActionKind.QuickFix)
        ? []
        : this.#allow(document, findings, asked)),
    ];
  }

  #action(
    document: vscode.TextDocument,
    { fix, findings, all }: FixOffer,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction | undefined {
    const edit = workspaceEditOf(fix, this.#language.lookupFor(document));
    if (!edit) return undefined;
    const sourceAction = all && context.only !== undefined && fixAllKind.contains(context.only);
    const action = new vscode.CodeAction(fix.title, sourceAction ? fixAllKind : vscode.CodeActionKind.QuickFix);
    action.edit = edit;
    action.isPreferred = !all && fix.preferred === true;
    action.diagnostics = context.diagnostics.filter(
      (d) => typeof d.code === 'object' && findings.some((f) => f.rule === (d.code as { value: unknown }).value),
    );
    return action;
  }

  /** A key that Apple granted and the catalogue lacks. */
  #allow(document: vscode.TextDocument, findings: readonly Finding[], asked: { start: number; end: number }) {
    return findings
      .filter((f) => f.rule === 'ENT008' && f.range.start <= asked.end && asked.start <= f.range.end)
      .map((finding) => {
        const key = document.getText().slice(finding.range.start, finding.range.end).trim();
        const title = vscode.l10n.t('Allow {0} in the settings of this workspace', key);
        const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
        action.command = { command: internalCommands.allowKey, title, arguments: [key] };
        return action;
      });
  }
}
