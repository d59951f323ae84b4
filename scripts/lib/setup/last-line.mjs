/** What to show of a program's output while it runs. */
export function lastLine(text) {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').trim().slice(0, 100);
}
