// The webview's side of protocol/panel.ts.
import type { Method, Requests, ToHost, ToWebview } from '../protocol/panel.ts';

interface VsCodeApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

type Waiting = { readonly resolve: (result: never) => void; readonly reject: (error: Error) => void };

export class Host {
  private readonly api = acquireVsCodeApi();
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  /** `onEvent` hears what the host says without being asked. */
  constructor(onEvent: (event: Exclude<ToWebview, { kind: 'answer' }>) => void) {
    window.addEventListener('message', ({ data }: MessageEvent<ToWebview>) => {
      if (data.kind !== 'answer') return onEvent(data);
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error !== undefined) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.result as never);
    });
  }

  request<M extends Method>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.api.postMessage({ kind: 'request', id, method, params } as ToHost);
    });
  }

  /** The state has been taken; `newest` rows are to come with the next one. */
  taken(newest: number): void {
    this.api.postMessage({ kind: 'taken', newest });
  }

  /** What is kept while the panel is hidden or the window reloads. */
  load<T>(): Partial<T> {
    return (this.api.getState() as Partial<T> | undefined) ?? {};
  }
  save(state: unknown): void {
    this.api.setState(state);
  }
}
