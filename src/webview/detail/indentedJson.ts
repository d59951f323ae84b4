// JSON laid out for reading. Numbers and strings stay as they were sent: parsing and writing anew would change them.

/** Nested deeper, or grown beyond this, it would be harder to read than as it was sent. */
const maxDepth = 64;
const maxLength = 1 << 20;

const piece = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** One member or element a line, two spaces a level. Undefined where the text is not JSON, or its layout has no use. */
export function indentedJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const out: string[] = [];
  let length = 0;
  let depth = 0;
  let opened = false;
  const add = (words: string): void => {
    out.push(words);
    length += words.length;
  };
  const newLine = (): void => add(`\n${'  '.repeat(depth)}`);
  for (const [token] of text.matchAll(piece)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    // An empty list or object stays on its line.
    if (opened !== closes && (opened || closes)) newLine();
    opened = token === '{' || token === '[';
    if (opened) depth++;
    add(token === ':' ? ': ' : token);
    if (token === ',') newLine();
    if (depth > maxDepth || length > maxLength) return undefined;
  }
  const laidOut = out.join('');
  return laidOut === text.trim() ? undefined : laidOut;
}
