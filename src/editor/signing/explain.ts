// "What does this line mean?": of the selection, the clipboard, or what is selected in a terminal.
import * as vscode from 'vscode';
import type { Finding } from '../../entitlements/finding.ts';
import { ruleUrl } from '../../entitlements/rules/rule.ts';
import { explain } from '../../project/logs/explain.ts';
import type { Explanation } from '../../project/logs/explain.ts';
import { commands } from '../../protocol/ids.ts';
import type { App } from '../app.ts';
import type { Diagnostics } from '../language/diagnostics.ts';
import type { Language } from '../language/language.ts';

const scheme = 'flowtap-explanation';
const { t } = vscode.l10n;

/** The explanations as a page; the preview asks for it by its address. */
class Pages implements vscode.TextDocumentContentProvider {
  readonly #pages = new Map<string, string>();
  #count = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#pages.get(uri.path) ?? '';
  }

  add(text: string): vscode.Uri {
    const path = `/${++this.#count}/${t('Explanation')}.md`;
    this.#pages.set(path, text);
    // The last few; older pages that are still open keep what they show.
    for (const old of [...this.#pages.keys()].slice(0, -20)) this.#pages.delete(old);
    return vscode.Uri.from({ scheme, path });
  }
}

/** A log is foreign text: nothing of it may become a link, an image or markup. */
const literal = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!|<>&~:]/g, '\\$&');
const codeBlock = (text: string): string => {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((m) => m[0].length + 1)));
  return `${fence}text\n${text}\n${fence}`;
};

export function registerExplain(app: App, language: Language, diagnostics: Diagnostics): void {
  const pages = new Pages();
  app.own(vscode.workspace.registerTextDocumentContentProvider(scheme, pages));

  const show = async (text: string, source: string): Promise<void> => {
    if (text.trim() === '') {
      void vscode.window.showInformationMessage(t('There is no text to explain: {0} is empty.', source));
      return;
    }
    const found = language.projects.all.flatMap((project) =>
      diagnostics.findingsOf(project).map((finding) => ({ project, finding })),
    );
    const explained = explain(
      text,
      found.map(({ finding }) => finding),
    );
    if (explained.length === 0) {
      void vscode.window.showInformationMessage(t('No line of {0} has a meaning that Flowtap knows.', source));
      return;
    }
    const placed = explained.map((e) => {
      const project = found.find((f) => f.finding === e.finding)?.project;
      const place =
        e.finding && project ? language.lookup(project).place(e.finding.file)?.(e.finding.range) : undefined;
      return {
        explanation: e,
        cause:
          project && place && e.finding ? { finding: e.finding, uri: project.uri(e.finding.file), place } : undefined,
      };
    });
    const page = placed.map(({ explanation, cause }) => section(explanation, cause)).join('\n\n');
    await vscode.commands.executeCommand(
      'markdown.showPreview',
      pages.add(`# ${t('What these lines mean')}\n\n${page}\n`),
    );
    const cause = placed.find((e) => e.cause)?.cause;
    if (cause) void offer(cause);
  };

  app.command(commands.explainSelection, async () => {
    const editor = vscode.window.activeTextEditor;
    const text = editor?.selections.map((s) => editor.document.getText(s)).join('\n') ?? '';
    // Nothing selected: the line the cursor is on.
    const line = editor && text === '' ? editor.document.lineAt(editor.selection.active.line).text : text;
    await show(line, t('the selection'));
  });
  app.command(commands.explainClipboard, async () => show(await vscode.env.clipboard.readText(), t('the clipboard')));
  app.command(commands.explainTerminalSelection, async () => {
    // The terminal tells its selection only by way of the clipboard, which is put back.
    const before = await vscode.env.clipboard.readText();
    await vscode.env.clipboard.writeText('');
    let text: string;
    try {
      await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
      text = await vscode.env.clipboard.readText();
    } finally {
      await vscode.env.clipboard.writeText(before);
    }
    await show(text, t('the selection in the terminal'));
  });
}

/** The finding of an open project that explains a line. */
interface Cause {
  readonly finding: Finding;
  readonly uri: vscode.Uri;
  readonly place: vscode.Range;
}

const whereOf = ({ finding, place }: Cause): string => `${finding.file}:${place.start.line + 1}`;

function section({ rule, text, match }: Explanation, cause: Cause | undefined): string {
  const parts = [codeBlock(text.trim()), `**[${rule.id}](${ruleUrl(rule.id)})** ${literal(match.meaning)}`];
  if (cause) {
    const { rule: id, message } = cause.finding;
    parts.push(`> **${t('In this project')}:** ${literal(whereOf(cause))} [${id}](${ruleUrl(id)}) ${literal(message)}`);
  }
  parts.push(match.next.map((step, i) => `${i + 1}. ${literal(step)}`).join('\n'));
  return parts.join('\n\n');
}

/** The preview opens no files; a notification does. */
async function offer(cause: Cause): Promise<void> {
  const go = t('Go to {0}', whereOf(cause));
  const said = t('{0} in this project explains a line: {1}', cause.finding.rule, cause.finding.message);
  if ((await vscode.window.showInformationMessage(said, go)) !== go) return;
  await vscode.window.showTextDocument(cause.uri, {
    selection: new vscode.Range(cause.place.start, cause.place.start),
  });
}
