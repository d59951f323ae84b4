// What the keys of the table mean.

export type TableAction =
  | { readonly kind: 'all' | 'copy' | 'open' | 'none' | 'menu' }
  /** So many rows down (negative: up). */
  | { readonly kind: 'step'; readonly by: number; readonly extending: boolean };

/** `page`: rows that are seen at once. */
export function actionOf(event: KeyboardEvent, page: number): TableAction | undefined {
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  const by = steps[event.key];
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === 'a') return { kind: 'all' };
  if (command && event.key === 'c') return { kind: 'copy' };
  if (by !== undefined) return { kind: 'step', by, extending: event.shiftKey };
  if (event.key === 'Enter') return { kind: 'open' };
  if (event.key === 'Escape') return { kind: 'none' };
  if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) return { kind: 'menu' };
  return undefined;
}
