// The settings, typed, in the units of the code.
import * as vscode from 'vscode';
import { settings as ids } from '../protocol/ids.ts';
import type { GroupingId } from './sidebar/grouping.ts';
import { isGroupingId } from './sidebar/grouping.ts';

export interface Settings {
  readonly autoConnect: boolean;
  /** Names of other programs' endpoints, as they were typed in. */
  readonly endpoints: readonly string[];
  readonly openCapturedTerminalOnStartup: boolean;
  readonly groupBy: GroupingId;
  /** Microseconds. */
  readonly keepClosed: number;
  readonly maxFlows: number;
  /** Bytes. */
  readonly bodyBudget: number;
  /** Bytes of each direction of a flow. */
  readonly bodyLimit: number;
}

/** Each is a connection and its thread. */
const mostEndpoints = 32;

export function readSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration();
  // A settings file may hold anything.
  const number = (id: string, otherwise: number, least: number, most: number): number => {
    const value = configuration.get<unknown>(id);
    return typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
  };
  const endpoints = configuration.get<unknown>(ids.endpoints);
  const groupBy = String(configuration.get<unknown>(ids.groupBy));
  return {
    autoConnect: configuration.get<unknown>(ids.autoConnect) !== false,
    endpoints: Array.isArray(endpoints)
      ? endpoints.filter((name) => typeof name === 'string').slice(0, mostEndpoints)
      : [],
    openCapturedTerminalOnStartup: configuration.get<unknown>(ids.openCapturedTerminalOnStartup) === true,
    groupBy: isGroupingId(groupBy) ? groupBy : 'process',
    keepClosed: number(ids.keepClosed, 300, 0, 86_400) * 1e6,
    maxFlows: number(ids.maxFlows, 1_000_000, 1000, 5_000_000),
    bodyBudget: number(ids.bodyBudget, 256, 1, 65_536) * 1024 * 1024,
    bodyLimit: number(ids.bodyLimit, 16, 0, 1024) * 1024,
  };
}

export function onDidChangeSettings(ids: readonly string[], listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (ids.some((id) => event.affectsConfiguration(id))) listener();
  });
}
