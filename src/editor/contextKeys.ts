// Context keys of `when` clauses. Setting one crosses to the renderer, so only changes are sent.
import * as vscode from 'vscode';
import type { contextKeys } from '../protocol/ids.ts';

type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

export class ContextKeys {
  readonly #known = new Map<ContextKey, string | boolean>();

  set(key: ContextKey, value: string | boolean): void {
    if (this.#known.get(key) === value) return;
    this.#known.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }

  get(key: ContextKey): string | boolean | undefined {
    return this.#known.get(key);
  }
}
