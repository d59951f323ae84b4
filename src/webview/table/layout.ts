// Which columns are shown, in which order and how wide. Kept with the panel's state.
import { columns, type Column } from './columns.ts';

export interface ColumnState {
  readonly id: string;
  readonly width: number;
  readonly hidden: boolean;
}
export const minWidth = 32;
const maxWidth = 2000;

export const defaultLayout: readonly ColumnState[] = columns.map(({ id, width, hidden }) => ({
  id,
  width,
  hidden: hidden ?? false,
}));

/** Of a saved layout, what still makes sense; columns that are new come at their usual place. */
export function restoreLayout(saved: unknown): ColumnState[] {
  const known = new Map(defaultLayout.map((c) => [c.id, c]));
  const kept = (Array.isArray(saved) ? saved : []).flatMap((entry: Partial<ColumnState> | null): ColumnState[] => {
    const base = entry?.id === undefined ? undefined : known.get(entry.id);
    if (!base || !entry) return [];
    known.delete(base.id);
    const width = typeof entry.width === 'number' && Number.isFinite(entry.width) ? clamp(entry.width) : base.width;
    return [{ id: base.id, width, hidden: entry.hidden === true }];
  });
  return kept.length > 0 ? [...kept, ...known.values()] : [...defaultLayout];
}

const clamp = (width: number): number => Math.min(maxWidth, Math.max(minWidth, Math.round(width)));

export interface ShownColumn extends Column {
  readonly width: number;
}
export const shown = (layout: readonly ColumnState[]): ShownColumn[] =>
  layout.filter((c) => !c.hidden).map((c) => ({ ...columns.find((x) => x.id === c.id)!, width: c.width }));

export const resized = (layout: readonly ColumnState[], id: string, width: number): ColumnState[] =>
  layout.map((c) => (c.id === id ? { ...c, width: clamp(width) } : c));

/** `id` goes before `before`, or to the end. */
export function moved(layout: readonly ColumnState[], id: string, before: string | undefined): ColumnState[] {
  const column = layout.find((c) => c.id === id);
  if (!column || id === before) return [...layout];
  const rest = layout.filter((c) => c.id !== id);
  const at = before === undefined ? rest.length : rest.findIndex((c) => c.id === before);
  return rest.toSpliced(at < 0 ? rest.length : at, 0, column);
}

/** At least one column stays. */
export function toggled(layout: readonly ColumnState[], id: string): ColumnState[] {
  const next = layout.map((c) => (c.id === id ? { ...c, hidden: !c.hidden } : c));
  return next.every((c) => c.hidden) ? [...layout] : next;
}
