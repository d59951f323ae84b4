// Dissects flows while they happen: what is new in the store goes to the flow's dissection, what is learned goes back.
import type { Disposable, FlowChanges } from '../flow/changes.ts';
import type { Flow, FlowApplication, FlowId } from '../flow/model.ts';
import { FedDissection, type PayloadSource } from './feed.ts';

/** What is needed of a FlowStore. */
export interface DissectedStore extends PayloadSource {
  flow(id: FlowId): Flow | undefined;
  /** Is payload of it held? */
  holds(id: FlowId): boolean;
  setApplication(id: FlowId, application: FlowApplication & { readonly host?: string }): void;
  onDidChange(listener: (changes: FlowChanges) => void): Disposable;
}

interface Track {
  readonly fed: FedDissection;
  shown: string;
}

/** Flows under dissection at once; beyond it the oldest keep what was learned so far. */
const maxTracks = 20_000;

/** Until disposed. Works once per batch of changes, in the batch's own turn. */
export function dissectLive(store: DissectedStore): Disposable {
  /** Undefined until the flow has payload: many never do. */
  const tracks = new Map<FlowId, Track | undefined>();
  return store.onDidChange((changes) => {
    if (changes.cleared) tracks.clear();
    for (let id = changes.evicted.first; id < changes.evicted.end && tracks.size > 0; id++) tracks.delete(id);
    for (let id = changes.opened.first; id < changes.opened.end; id++) {
      tracks.set(id, undefined);
      visit(store, tracks, id);
    }
    for (const id of changes.updated) visit(store, tracks, id);
    for (const id of changes.closed) {
      visit(store, tracks, id);
      tracks.delete(id);
    }
    for (const id of tracks.keys()) {
      if (tracks.size <= maxTracks) break;
      tracks.delete(id);
    }
  });
}

function visit(store: DissectedStore, tracks: Map<FlowId, Track | undefined>, id: FlowId): void {
  if (!tracks.has(id)) return;
  let track = tracks.get(id);
  if (!track && !store.holds(id)) return;
  const flow = store.flow(id);
  if (!flow) return;
  if (!track) tracks.set(id, (track = { fed: new FedDissection(flow), shown: '' }));
  track.fed.feed(flow, store);
  const { application } = track.fed.dissection;
  const shown = JSON.stringify(application);
  if (application.protocol && shown !== track.shown) {
    track.shown = shown;
    store.setApplication(id, application);
  }
  if (flow.state === 'closed' || track.fed.dissection.hopeless) tracks.delete(id);
}
