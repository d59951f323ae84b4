// What is measured, as rows of a table.
export type Note = (what: string, value: string, goal?: string) => void;

/** The value that so many percent are not above, with one decimal. */
export function percentile(values: readonly number[], percent: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1);
  return (sorted[at] ?? NaN).toFixed(1);
}
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
