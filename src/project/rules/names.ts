// How the name of an endpoint stands to an app group.
import type { PlistText } from '../model.ts';

const leading = /^\$[({][^$]*?[)}]/;

/** Whether `name` is `group` or stands below it; undefined where a variable leaves it open. */
export function isOwn(name: PlistText, group: PlistText): 'same' | 'child' | 'no' | undefined {
  if (name.text === group.text) return 'same';
  if (name.text.startsWith(`${group.text}.`)) return 'child';
  if (name.complete && group.complete) return 'no';
  const a = leading.exec(name.text)?.[0];
  const b = leading.exec(group.text)?.[0];
  // The same unknown prefix before two known texts.
  const rest = (text: string, head: string | undefined): string => text.slice(head?.length ?? 0);
  if (a !== undefined && a === b && !rest(name.text, a).includes('$') && !rest(group.text, b).includes('$'))
    return 'no';
  return undefined;
}
