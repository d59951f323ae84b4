// Hosts and summaries of the flows, out of their payload.
import type { App } from '../app.ts';

/** The dissectors are loaded when a proxy is there: before its first flows are delivered. */
export function registerDissection(app: App): void {
  const waiting = app.own(
    app.proxy.onDidChangeState(({ kind }) => {
      if (kind !== 'running') return;
      waiting.dispose();
      void import('../../dissect/live.ts').then(
        ({ dissectLive }) => app.own(dissectLive(app.store)),
        (error: unknown) => app.fail(error),
      );
    }),
  );
}
