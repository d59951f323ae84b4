// Sessions with the endpoints of other programs, as the setting lists them: all feed the one store.
import * as vscode from 'vscode';
import { Session } from '../../endpoint/session.ts';
import type { FlowStore } from '../../flow/store.ts';
import { isEndpointName } from '../../proxy/endpoints.ts';
import { wayTo } from '../../proxy/local.ts';
import { settings as settingIds } from '../../protocol/ids.ts';
import { onDidChangeSettings, readSettings } from '../settings.ts';

/** What it needs of the app. */
export interface EndpointsHost {
  readonly version: string;
  readonly log: vscode.LogOutputChannel;
  readonly store: FlowStore;
  readonly context: Pick<vscode.ExtensionContext, 'secrets'>;
}

interface Endpoint {
  readonly session: Session;
  dispose(): void;
}

export class Endpoints implements vscode.Disposable {
  readonly #host: EndpointsHost;
  readonly #open = new Map<string, Endpoint>();
  readonly #setting: vscode.Disposable;

  constructor(host: EndpointsHost) {
    this.#host = host;
    this.#setting = onDidChangeSettings([settingIds.endpoints, settingIds.bodyLimit], () => this.update());
  }

  get all(): readonly { readonly name: string; readonly session: Session }[] {
    return [...this.#open].map(([name, { session }]) => ({ name, session }));
  }

  /** Takes the setting over. */
  update(): void {
    const names = new Set(readSettings().endpoints.filter((name) => isEndpointName(name)));
    for (const [name, endpoint] of this.#open)
      if (!names.has(name)) {
        this.#open.delete(name);
        endpoint.dispose();
      }
    const subscription = { bodyLimit: readSettings().bodyLimit };
    for (const name of names) {
      const known = this.#open.get(name);
      if (known) known.session.subscribe(subscription);
      else this.#open.set(name, this.#connect(name, subscription));
    }
  }

  #connect(name: string, subscribe: { readonly bodyLimit: number }): Endpoint {
    const { store, log, version } = this.#host;
    const source = store.addSource();
    const session = new Session({
      client: 'vscode',
      build: version,
      ...wayTo(name, () => this.#token(name)),
      subscribe,
    });
    let before = session.state.kind;
    session.onDidReceive((bytes, start, end) => store.feed(source, bytes, start, end));
    session.onDidChangeState((state) => {
      if (before === 'live' && state.kind !== 'live') store.sourceLost(source);
      if (before !== state.kind)
        log.info(`endpoint ${name}: ${state.kind}${'problem' in state ? `: ${state.problem.text}` : ''}`);
      before = state.kind;
    });
    session.start();
    return { session, dispose: () => session.dispose() };
  }

  async #token(name: string): Promise<string> {
    return (await this.#host.context.secrets.get(secretOf(name))) ?? '';
  }

  /** Keeps the token ('' forgets it) and tries again with it. */
  async setToken(name: string, token: string): Promise<void> {
    const { secrets } = this.#host.context;
    await (token ? secrets.store(secretOf(name), token) : secrets.delete(secretOf(name)));
    this.#open.get(name)?.session.start();
  }

  async add(name: string): Promise<void> {
    await save([...new Set([...readSettings().endpoints, name])]);
    this.update();
  }

  async remove(name: string): Promise<void> {
    await save(readSettings().endpoints.filter((other) => other !== name));
    await this.setToken(name, '');
    this.update();
  }

  dispose(): void {
    this.#setting.dispose();
    for (const endpoint of this.#open.values()) endpoint.dispose();
    this.#open.clear();
  }
}

const secretOf = (name: string): string => `flowtap.endpoint:${name}`;

/** Of the machine: a folder that is opened must not tell the editor what to connect to. */
const save = async (names: readonly string[]): Promise<void> =>
  vscode.workspace.getConfiguration().update(settingIds.endpoints, names, vscode.ConfigurationTarget.Global);
