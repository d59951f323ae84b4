// The way to the proxy: the session, the flows that come through it, and what forbids captures here.
import * as vscode from 'vscode';
import { Session } from '../../endpoint/session.ts';
import type { CaptureCheck } from '../../proxy/captured.ts';
import { checkCapture } from '../../proxy/captured.ts';
import { ensureDaemon } from '../../proxy/daemon.ts';
import { localProxy } from '../../proxy/local.ts';
import type { Stage } from '../../proxy/app.ts';
import { platformSupport } from '../../proxy/platform.ts';
import { contextKeys, settings as settingIds } from '../../protocol/ids.ts';
import type { FlowStore } from '../../flow/store.ts';
import type { Programs } from '../../proxy/paths.ts';
import type { ContextKeys } from '../contextKeys.ts';
import { onDidChangeSettings, readSettings } from '../settings.ts';
import type { EditorState } from '../state.ts';
import { editorState } from '../state.ts';
import { AppControl } from './appControl.ts';

/** What a proxy gives where nothing else is said (sysext/core/limits.h). */
const leastBodyLimit = 16 << 10;

/** What it needs of the app. */
export interface ProxyHost {
  readonly version: string;
  readonly log: vscode.LogOutputChannel;
  readonly keys: ContextKeys;
  readonly store: FlowStore;
  readonly programs: Programs;
  readonly context: Pick<vscode.ExtensionContext, 'secrets'>;
}

/** With a problem and a mode, captures work all the same, on a lower rung: an explicit proxy, which sees less. */
export const isBlocked = ({ mode, problem }: CaptureCheck): boolean => problem !== undefined && mode === undefined;

export class ProxyControl implements vscode.Disposable {
  readonly session: Session;
  /** What runs the proxy on macOS; undefined elsewhere. */
  readonly app: AppControl | undefined;
  readonly #host: ProxyHost;
  readonly #support = platformSupport();
  readonly #source: number;
  readonly #changed = new vscode.EventEmitter<EditorState>();
  readonly #owned: { dispose(): void }[] = [this.#changed];
  #state: EditorState;
  #check: CaptureCheck | undefined;
  #checking: Promise<CaptureCheck> | undefined;

  readonly onDidChangeState = this.#changed.event;

  constructor(app: ProxyHost) {
    this.#host = app;
    this.app = this.#support.kind === 'app' ? new AppControl({ ...app, secrets: app.context.secrets }) : undefined;
    this.#source = app.store.addSource();
    this.session = new Session({
      client: 'vscode',
      build: app.version,
      ...(this.app?.way ?? localProxy()),
      subscribe: { bodyLimit: readSettings().bodyLimit },
    });
    this.#state = editorState(this.session.state, this.#support, this.app?.state);
    if (this.app)
      this.#owned.push(
        this.app,
        this.app.onDidChangeState(() => this.#follow()),
      );
    this.#owned.push(
      this.session,
      this.session.onDidReceive((bytes, start, end) => app.store.feed(this.#source, bytes, start, end)),
      this.session.onDidChangeState(() => this.#follow()),
      onDidChangeSettings([settingIds.bodyLimit], () =>
        this.session.subscribe({ bodyLimit: readSettings().bodyLimit }),
      ),
    );
    app.keys.set(contextKeys.state, this.#state.kind);
    app.keys.set(contextKeys.captureProblem, '');
  }

  get state(): EditorState {
    return this.#state;
  }

  /** What is known of captures on this machine; undefined until `check` has run. */
  get captureCheck(): CaptureCheck | undefined {
    return this.#check;
  }

  /** Connects as soon as a proxy runs; starts none. */
  connect(): void {
    if (this.#support.kind !== 'unsupported') this.session.start();
    void this.app?.check();
  }

  /** Starts the proxy where none runs, and connects. Rejects with a ProblemError. */
  async start(tell?: (stage: Stage) => void): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const { app } = this;
    // A proxy that runs already keeps its limits; the environment's own word counts before the setting.
    const limits = { FLOWTAP_BODY_LIMIT: String(Math.max(leastBodyLimit, readSettings().bodyLimit)) };
    const ensure = (): Promise<void> => ensureDaemon(this.#host.programs, { env: { ...limits, ...process.env } });
    this.session.start(() => (app ? app.run('start', tell).then(() => undefined) : ensure()));
    await this.session.ready();
  }

  async stop(): Promise<void> {
    if (!this.app) return this.session.stopProxy();
    await this.app.run('stop');
    this.session.stop();
    this.connect();
  }

  /** Whether programs can be captured here. A good answer is kept, a bad one is asked for again. */
  async check(): Promise<CaptureCheck> {
    this.#checking ??= this.#runCheck().finally(() => (this.#checking = undefined));
    return this.#check && !this.#check.problem ? this.#check : this.#checking;
  }

  /** The next `check` asks again. */
  forgetCheck(): void {
    this.#check = undefined;
  }

  async #runCheck(): Promise<CaptureCheck> {
    const check = await checkCapture(this.#host.programs);
    this.#check = check;
    if (check.problem) this.#host.log.warn(`captures: ${check.problem.text} ${check.problem.next}`);
    this.#host.keys.set(contextKeys.captureProblem, isBlocked(check) ? (check.problem?.code ?? '') : '');
    return check;
  }

  #follow(): void {
    const before = this.#state;
    this.#state = editorState(this.session.state, this.#support, this.app?.state);
    const { kind, problem, welcome } = this.#state;
    if (before.kind === 'running' && kind !== 'running') this.#host.store.sourceLost(this.#source);
    if (before.kind !== kind || before.problem?.text !== problem?.text) {
      const about = problem ? `: ${problem.text}` : welcome ? `: build ${welcome.build}, pid ${welcome.pid}` : '';
      this.#host.log[problem ? 'warn' : 'info'](`proxy ${kind}${about}`);
    }
    this.#host.keys.set(contextKeys.state, kind);
    this.#changed.fire(this.#state);
  }

  dispose(): void {
    for (const owned of this.#owned.splice(0).reverse()) owned.dispose();
  }
}
