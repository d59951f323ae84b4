// Between the services' offsets and the editor's positions.
import * as vscode from 'vscode';
import type { Finding, Fix, Severity, TextEdit, TextRange } from '../../entitlements/finding.ts';
import { ruleUrl } from '../../entitlements/rules/rule.ts';
import { Lines } from '../../project/lines.ts';

export type Place = (range: TextRange) => vscode.Range;

export const placeIn =
  (document: vscode.TextDocument): Place =>
  ({ start, end }) =>
    new vscode.Range(document.positionAt(start), document.positionAt(end));

export function placeInText(text: string): Place {
  const lines = new Lines(text);
  const position = (offset: number): vscode.Position => {
    const { line, column } = lines.at(offset);
    return new vscode.Position(line - 1, column - 1);
  };
  return ({ start, end }) => new vscode.Range(position(start), position(end));
}

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};
/** Keys that do nothing are shown faded, old ones struck through. */
const tags: Readonly<Record<string, readonly vscode.DiagnosticTag[]>> = {
  ENT007: [vscode.DiagnosticTag.Unnecessary],
  ENT009: [vscode.DiagnosticTag.Unnecessary],
  ENT026: [vscode.DiagnosticTag.Unnecessary],
  ENT011: [vscode.DiagnosticTag.Deprecated],
};

/** How to find a file of a finding, and the place of a range in it; undefined where it is not to be had. */
export interface FileLookup {
  uri(file: string): vscode.Uri;
  place(file: string): Place | undefined;
}

export function diagnosticOf(finding: Finding, place: Place, lookup: FileLookup): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(place(finding.range), finding.message, severities[finding.severity]);
  diagnostic.source = 'flowtap';
  diagnostic.code = { value: finding.rule, target: vscode.Uri.parse(`${ruleUrl(finding.rule)}`) };
  if (tags[finding.rule]) diagnostic.tags = [...tags[finding.rule]!];
  const related = (finding.related ?? []).flatMap(({ file, range, message }) => {
    const there = lookup.place(file);
    if (!there) return [];
    return [new vscode.DiagnosticRelatedInformation(new vscode.Location(lookup.uri(file), there(range)), message)];
  });
  if (related.length > 0) diagnostic.relatedInformation = related;
  return diagnostic;
}

/** Edits of several files are shown before they are made. undefined where a file of it is not to be had. */
export function workspaceEditOf(
  { title, edits, creates = [] }: Pick<Fix, 'title' | 'edits' | 'creates'>,
  lookup: FileLookup & { text(file: string): string | undefined },
): vscode.WorkspaceEdit | undefined {
  const out = new vscode.WorkspaceEdit();
  const several = new Set([...edits.map((e) => e.file), ...creates.map((c) => c.file)]).size > 1;
  const metadata = several ? { needsConfirmation: true, label: title } : undefined;
  for (const { file, text } of creates)
    out.createFile(lookup.uri(file), { contents: Buffer.from(text), ignoreIfExists: true }, metadata);
  for (const [file, own] of byFile(edits)) {
    const place = lookup.place(file);
    const text = lookup.text(file);
    if (!place || text === undefined) return undefined;
    const uri = lookup.uri(file);
    // The editor knows line ends as a property of the document, not as characters.
    if (own.every((edit) => edit.text === '\n' && /^\r\n?$/.test(text.slice(edit.start, edit.end))))
      out.set(uri, [vscode.TextEdit.setEndOfLine(vscode.EndOfLine.LF)]);
    else
      for (const edit of own)
        if (metadata) out.replace(uri, place(edit), edit.text, metadata);
        else out.replace(uri, place(edit), edit.text);
  }
  return out;
}

function byFile(edits: readonly TextEdit[]): Map<string, TextEdit[]> {
  const files = new Map<string, TextEdit[]>();
  for (const edit of edits) files.set(edit.file, [...(files.get(edit.file) ?? []), edit]);
  return files;
}
