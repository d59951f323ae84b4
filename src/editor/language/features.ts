// Completion, hover, outline, folding, colours and formatting: the pure service in the editor's terms.
import * as vscode from 'vscode';
import type { OutlineSymbol } from '../../entitlements/service/outline.ts';
import type { Completion } from '../../entitlements/service/complete.ts';
import { placeIn } from './convert.ts';
import type { Language } from './language.ts';
import { languageId, plistSelector } from './language.ts';

export const tokenLegend = new vscode.SemanticTokensLegend(['entitlement', 'unknownEntitlement'], ['deprecated']);
const completionTriggers = ['<', '.', '>', '-', '$'];

const completionKinds: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
  element: vscode.CompletionItemKind.Struct,
};
const symbolKinds: Readonly<Record<OutlineSymbol['kind'], vscode.SymbolKind>> = {
  dict: vscode.SymbolKind.Object,
  array: vscode.SymbolKind.Array,
  string: vscode.SymbolKind.String,
  number: vscode.SymbolKind.Number,
  boolean: vscode.SymbolKind.Boolean,
  other: vscode.SymbolKind.Constant,
};

export function registerFeatures(language: Language): vscode.Disposable[] {
  const { languages } = vscode;
  return [
    languages.registerCompletionItemProvider(
      plistSelector,
      { provideCompletionItems: (document, position) => completions(language, document, position) },
      ...completionTriggers,
    ),
    languages.registerHoverProvider(plistSelector, {
      provideHover(document, position) {
        const { service, file, text } = language.subject(document);
        const hover = service.hover(file, text, document.offsetAt(position));
        return hover && new vscode.Hover(new vscode.MarkdownString(hover.text), placeIn(document)(hover.range));
      },
    }),
    // Other plists keep the outline and folding of whatever language they have.
    languages.registerDocumentSymbolProvider(
      { language: languageId },
      {
        provideDocumentSymbols(document) {
          const { service, file, text } = language.subject(document);
          return symbols(service.symbols(file, text), document);
        },
      },
      { label: 'Flowtap' },
    ),
    languages.registerFoldingRangeProvider(
      { language: languageId },
      {
        provideFoldingRanges(document) {
          const { service, file, text } = language.subject(document);
          return service.folding(file, text).map(({ range, kind }) => {
            const { start, end } = placeIn(document)(range);
            // The line of the close tag stays in sight.
            const last = kind === 'container' ? Math.max(start.line, end.line - 1) : end.line;
            return new vscode.FoldingRange(
              start.line,
              last,
              kind === 'comment' ? vscode.FoldingRangeKind.Comment : undefined,
            );
          });
        },
      },
    ),
    languages.registerDocumentSemanticTokensProvider(
      plistSelector,
      {
        provideDocumentSemanticTokens(document) {
          const { service, file, text } = language.subject(document);
          const builder = new vscode.SemanticTokensBuilder(tokenLegend);
          for (const { range, kind } of service.colours(file, text)) {
            const place = placeIn(document)(range);
            if (!place.isSingleLine || place.isEmpty) continue;
            const type = kind === 'unknown' ? 'unknownEntitlement' : 'entitlement';
            builder.push(place, type, kind === 'deprecated' ? ['deprecated'] : []);
          }
          return builder.build();
        },
      },
      tokenLegend,
    ),
    languages.registerDocumentFormattingEditProvider(
      { language: languageId },
      {
        provideDocumentFormattingEdits(document, { insertSpaces, tabSize }) {
          const { service, file, text } = language.subject(document);
          const unit = insertSpaces ? ' '.repeat(tabSize) : '\t';
          return service
            .format(file, text, unit)
            .map((edit) => vscode.TextEdit.replace(placeIn(document)(edit), edit.text));
        },
      },
    ),
  ];
}

function completions(
  language: Language,
  document: vscode.TextDocument,
  position: vscode.Position,
): vscode.CompletionItem[] {
  const { service, file, text } = language.subject(document);
  const place = placeIn(document);
  return service.complete(file, text, document.offsetAt(position)).map((offer) => {
    const item = new vscode.CompletionItem(offer.label, completionKinds[offer.kind]);
    const range = place(offer.range);
    // The editor wants the part it replaces on the cursor's line.
    item.range = range.isSingleLine ? range : new vscode.Range(position, position);
    item.insertText = offer.snippet ? new vscode.SnippetString(offer.insert) : offer.insert;
    item.filterText = offer.filter;
    item.sortText = offer.sort;
    if (offer.detail) item.detail = offer.detail;
    if (offer.documentation) item.documentation = new vscode.MarkdownString(offer.documentation);
    if (offer.deprecated) item.tags = [vscode.CompletionItemTag.Deprecated];
    if (offer.also)
      item.additionalTextEdits = [vscode.TextEdit.insert(document.positionAt(offer.also.at), offer.also.text)];
    return item;
  });
}

function symbols(outline: readonly OutlineSymbol[], document: vscode.TextDocument): vscode.DocumentSymbol[] {
  const place = placeIn(document);
  return outline.map((symbol) => {
    const out = new vscode.DocumentSymbol(
      symbol.name,
      symbol.detail,
      symbolKinds[symbol.kind],
      place(symbol.range),
      place(symbol.selection),
    );
    out.children = symbols(symbol.children, document);
    return out;
  });
}
