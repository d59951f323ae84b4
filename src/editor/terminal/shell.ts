// The arguments of the user's default shell.
import path from 'node:path';
import * as vscode from 'vscode';

/** From the default terminal profile where that runs this shell. */
export function shellArguments(shell: string): string[] {
  const platform = process.platform === 'darwin' ? 'osx' : 'linux';
  const configuration = vscode.workspace.getConfiguration('terminal.integrated');
  const name = configuration.get<string | null>(`defaultProfile.${platform}`);
  const profiles = configuration.get<Record<string, unknown>>(`profiles.${platform}`) ?? {};
  const profile = name ? profiles[name] : undefined;
  if (typeof profile !== 'object' || profile === null) return [];
  const of = profile as { path?: unknown; args?: unknown };
  const paths = Array.isArray(of.path) ? of.path : [of.path];
  const same = paths.some((p) => typeof p === 'string' && path.basename(p) === path.basename(shell));
  return same && Array.isArray(of.args) ? of.args.filter((a): a is string => typeof a === 'string') : [];
}
