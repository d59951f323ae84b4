// What the features of the editor share: the log, the flows, the way to the proxy.
import path from 'node:path';
import * as vscode from 'vscode';
import { FlowStore } from '../flow/store.ts';
import { payloadCodec } from '../node/payloadCodec.ts';
import { ProblemError, type Problem } from '../proxy/problems.ts';
import type { Programs } from '../proxy/paths.ts';
import { programsIn } from '../proxy/paths.ts';
import type { CommandId } from '../protocol/ids.ts';
import { commands } from '../protocol/ids.ts';
import { CommandTable } from './commandTable.ts';
import { ContextKeys } from './contextKeys.ts';
import { Endpoints } from './endpoints/endpoints.ts';
import { translated } from './problems.ts';
import { ProxyControl } from './proxy/control.ts';
import { readSettings } from './settings.ts';

/** Adds one part of the extension to the app. */
export type Feature = (app: App) => void;

/** How often the store tells its changes, in milliseconds; the sidebar batches further. A row is to be seen within 150. */
const storeBatch = 16;

export class App implements vscode.Disposable {
  readonly context: vscode.ExtensionContext;
  readonly version: string;
  readonly log: vscode.LogOutputChannel;
  readonly keys = new ContextKeys();
  readonly programs: Programs;
  readonly store: FlowStore;
  readonly proxy: ProxyControl;
  readonly endpoints: Endpoints;
  /** What tests of the extension host look at; nothing else reads it. */
  readonly exposed = new Map<string, unknown>();
  readonly #owned: vscode.Disposable[] = [];
  #disposed = false;
  readonly #later: Promise<void>[] = [];
  readonly #commands = new CommandTable(() => this.settled());

  constructor(context: vscode.ExtensionContext) {
    this.context = context;
    this.version = String((context.extension.packageJSON as { version?: unknown }).version);
    this.log = this.own(vscode.window.createOutputChannel('Flowtap', { log: true }));
    this.programs = programsIn(path.join(context.extensionPath, 'dist'));
    const { maxFlows, bodyBudget } = readSettings();
    this.store = new FlowStore(
      { flows: maxFlows, bodyBytes: bodyBudget },
      { schedule: (flush) => void setTimeout(flush, storeBatch), codec: payloadCodec },
    );
    this.proxy = this.own(new ProxyControl(this));
    this.endpoints = this.own(new Endpoints(this));
    for (const id of Object.values(commands)) this.#register(id);
  }

  /** Disposed with the app, last made first. */
  own<T extends vscode.Disposable>(disposable: T): T {
    this.#owned.push(disposable);
    return disposable;
  }

  /** Sets up a feature once activation is over; `load` is to import() what is big. */
  later(load: () => Promise<void>): void {
    const activated = new Promise((resolve) => setTimeout(resolve, 0));
    this.#later.push(
      activated.then(() => (this.#disposed ? undefined : load())).catch((e: unknown) => void this.fail(e)),
    );
  }

  /** Resolves when everything of `later` is there. */
  async settled(): Promise<void> {
    await Promise.all(this.#later);
  }

  /** Says what a command does. What it throws is logged and shown, in the words of the problem where it is one. */
  command<A extends unknown[]>(id: CommandId, run: (...args: A) => unknown): void {
    this.#commands.set(id, run);
  }

  /** VS Code offers every command from the start; one of a feature that is still being set up waits for it. */
  #register(id: CommandId): void {
    this.own(
      vscode.commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          return await this.#commands.run(id, args);
        } catch (error) {
          void this.fail(error);
          return undefined;
        }
      }),
    );
  }

  async fail(error: unknown): Promise<void> {
    const problem = error instanceof ProblemError ? error.problem : undefined;
    this.log.error(problem ? sentences(problem) : error instanceof Error ? error : String(error));
    const text = problem ? sentences(translated(problem, vscode.l10n.t)) : `Flowtap: ${errorText(error)}`;
    const showLog = vscode.l10n.t('Show Log');
    if ((await vscode.window.showErrorMessage(text, showLog)) === showLog)
      await vscode.commands.executeCommand(commands.showLog);
  }

  dispose(): void {
    this.#disposed = true;
    for (const disposable of this.#owned.splice(0).reverse()) disposable.dispose();
  }
}

const sentences = ({ text, next }: Problem): string => `${text} ${next}`;
const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
