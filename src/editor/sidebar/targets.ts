// What a command on elements of the tree is about. Pure.
import type { Flow } from '../../flow/model.ts';
import type { Element } from './elements.ts';

/** The flows of these elements, each once, oldest first. */
export function flowsOf(elements: readonly Element[]): Flow[] {
  const flows = new Map<number, Flow>();
  for (const element of elements)
    if (element.kind === 'flow') flows.set(element.flow.id, element.flow);
    else if (element.kind === 'group') for (const { flow } of element.rows.values()) flows.set(flow.id, flow);
  return [...flows.values()].sort((a, b) => a.id - b.id);
}
