// Text in columns.

/** Names come from other programs: what would steer a terminal is shown, not obeyed. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');

export interface Column {
  readonly title: string;
  /** Right for numbers. */
  readonly align: 'left' | 'right';
  /** At least this wide: for tables that grow line by line. */
  readonly width?: number;
}

/** Lines without trailing spaces, each with its line break. */
export function tableText(columns: readonly Column[], rows: readonly (readonly string[])[], titles = true): string {
  const lines = titles ? [columns.map((c) => c.title), ...rows] : rows;
  const widths = columns.map((c, i) =>
    Math.max(c.width ?? 0, length(c.title), ...lines.map((line) => length(line[i] ?? ''))),
  );
  return lines
    .map((line) => {
      const cells = columns.map((c, i) => {
        const text = line[i] ?? '';
        const space = ' '.repeat(Math.max(0, widths[i]! - length(text)));
        return c.align === 'right' ? space + text : text + space;
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

const characters = new Intl.Segmenter();

/** In characters as people count them. */
function length(text: string): number {
  let count = 0;
  for (const character of characters.segment(text)) if (character) count++;
  return count;
}
