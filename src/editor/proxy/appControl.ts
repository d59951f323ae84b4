// The app on macOS: how far the proxy has come, and what moves it on. Asks the app's command line; shows nothing itself.
import fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { brokenStage, runApp, type AppAnswer, type AppCommand, type Stage } from '../../proxy/app.ts';
import { appPlace, type AppPlace } from '../../proxy/appBundle.ts';
import { appWay } from '../../proxy/appWay.ts';
import { installApp, removeApp, type Installed } from '../../proxy/installApp.ts';
import type { Way } from '../../proxy/local.ts';
import { problem, ProblemError } from '../../proxy/problems.ts';
import type { Programs } from '../../proxy/paths.ts';
import type { AppState } from '../state.ts';

export interface AppHost {
  readonly log: vscode.LogOutputChannel;
  readonly programs: Programs;
  readonly secrets: vscode.SecretStorage;
}

/** The token that the app granted to this user's editor. */
const secret = 'flowtap.token';

export class AppControl implements vscode.Disposable {
  readonly place: AppPlace;
  readonly way: Way;
  readonly #host: AppHost;
  readonly #changed = new vscode.EventEmitter<AppState>();
  #state: AppState = { kind: 'unknown' };
  #checking: Promise<void> | undefined;

  readonly onDidChangeState = this.#changed.event;

  constructor(host: AppHost) {
    this.#host = host;
    this.place = appPlace();
    this.way = appWay(this.place, async () => (await host.secrets.get(secret)) ?? '');
  }

  get state(): AppState {
    return this.#state;
  }

  /** Asks how far the proxy has come. Never rejects: what is wrong is the state. */
  check(): Promise<void> {
    this.#checking ??= this.run('status')
      .then(
        () => undefined,
        (error: unknown) => this.#host.log.warn(`app: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  /** Resolves where the command was done; rejects with a ProblemError that says what to do. */
  async run(command: AppCommand, tell?: (stage: Stage) => void, signal?: AbortSignal): Promise<AppAnswer> {
    try {
      const answer = await runApp(this.place.program, command, {
        onStage: (stage) => {
          this.#host.log.debug(`app ${command}: ${stage.stage} ${stage.state} ${stage.code}`);
          tell?.(stage);
        },
        ...(signal ? { signal } : {}),
      });
      if (answer.stages.length > 0) this.#set(answer.stages);
      if (answer.problem && command !== 'status') throw new ProblemError(answer.problem);
      return answer;
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === 'needs-app') this.#become({ kind: 'absent' });
      throw error;
    }
  }

  /** Resolves where the user agreed; the token is kept where VS Code keeps secrets. */
  async grant(signal?: AbortSignal): Promise<void> {
    const { token } = await this.run('grant', undefined, signal);
    if (!token) throw new ProblemError(problem('app-silent', 'it granted nothing'));
    await this.#host.secrets.store(secret, token);
  }

  async install(): Promise<Installed> {
    const archive = this.#host.programs.app ?? '';
    await fs.access(archive).catch((error: Error) => {
      throw new ProblemError(problem('app-archive', error.message));
    });
    const installed = await installApp(archive, this.place);
    return {
      ...installed,
      undo: async () => {
        await installed.undo();
        await this.check();
      },
    };
  }

  /** Deactivates the extension, then takes the app away and forgets the token. */
  async remove(tell?: (stage: Stage) => void, signal?: AbortSignal): Promise<void> {
    await this.run('deactivate', tell, signal);
    await removeApp(this.place);
    await this.#host.secrets.delete(secret);
    this.#become({ kind: 'absent' });
  }

  #set(stages: readonly Stage[]): void {
    const broken = brokenStage(stages);
    this.#become(broken ? { kind: 'there', broken } : { kind: 'there' });
  }

  #become(state: AppState): void {
    this.#state = state;
    this.#changed.fire(state);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
