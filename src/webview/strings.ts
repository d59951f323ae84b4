// Strings in the user's language. The page carries the extension's bundle, so they are there from the first moment.

function load(): Readonly<Record<string, string>> {
  try {
    return JSON.parse(document.body.dataset['strings'] ?? '{}') as Record<string, string>;
  } catch {
    return {}; // English
  }
}
const bundle = load();

/** As vscode.l10n.t: the message is the key, {0}, {1}, … are replaced. */
export const t = (message: string, ...args: readonly (string | number)[]): string =>
  (bundle[message] ?? message).replace(/\{(\d+)\}/g, (_, i) => String(args[Number(i)] ?? ''));
