// The language's item in the status bar: for whom the file is, and how many findings it has.
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Language } from './language.ts';
import { plistSelector } from './language.ts';

export function registerLanguageStatus(app: App, language: Language, diagnostics: Diagnostics): void {
  const { t } = vscode.l10n;
  const item = app.own(vscode.languages.createLanguageStatusItem('flowtap.language', plistSelector));
  item.name = t('Entitlements');

  const show = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    if (!document || vscode.languages.match(plistSelector, document) === 0) return;
    const purpose = language.purpose(document);
    const { project, file } = language.subject(document);
    const own = vscode.languages.getDiagnostics(document.uri).filter((d) => d.source === 'flowtap');
    const worst = Math.min(...own.map((d) => d.severity), vscode.DiagnosticSeverity.Hint);
    item.severity =
      worst === vscode.DiagnosticSeverity.Error
        ? vscode.LanguageStatusSeverity.Error
        : worst === vscode.DiagnosticSeverity.Warning
          ? vscode.LanguageStatusSeverity.Warning
          : vscode.LanguageStatusSeverity.Information;
    item.text =
      purpose === 'other'
        ? t('Not entitlements')
        : own.length === 0
          ? t('No findings')
          : own.length === 1
            ? t('1 finding')
            : t('{0} findings', own.length);
    const roles = project?.index.roles(file) ?? [];
    const targets = [...new Set(roles.map((r) => (r.productType ? `${r.target} (${r.productType})` : r.target)))];
    item.detail = targets.length === 0 ? t('no target known') : targets.join(', ');
    item.command = { command: 'workbench.actions.view.problems', title: t('Show Problems') };
  };
  app.own(diagnostics.onDidChange(show));
  app.own(vscode.window.onDidChangeActiveTextEditor(show));
  show();
}
