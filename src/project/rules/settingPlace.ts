// Where a build setting stands, for rules that change it.
import type { Location } from '../../entitlements/project.ts';
import type { Target } from '../model.ts';
import type { ProjectContext } from './context.ts';

/** A build setting's value as the file writes it. */
export const settingValue = (file: string, value: string): string =>
  file.endsWith('.xcconfig') ? value : `"${value}"`;

/** Whether another target gets its value of a setting from the same place: what is wrong for one is right for the other. */
export const isShared = (c: ProjectContext, target: Target, setting: string, { file, range }: Location): boolean =>
  c.targets.some((t) => {
    if (t === target) return false;
    const places = t.configurations.map((k) => k.settings.get(setting)?.from);
    return places.some((from) => from?.file === file && from.range.start === range.start);
  });
