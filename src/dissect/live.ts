// Dissects flows while they happen: what is new in the store goes to the flow's dissection, what is learned goes back.
import type { Disposable, FlowChanges } from '../flow/changes.ts';
import type { Flow, FlowApplication, FlowId } from '../flow/model.ts';
import { FedDissection, type PayloadSource } from './feed.ts';

/** What is needed of a FlowStore. */
export interface DissectedStore extends PayloadSource {
  flow(id: FlowId): Flow | undefined;
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
  const tracks = new Map<FlowId, Track>();
  return store.onDidChange((changes) => {
    if (changes.cleared) tracks.clear();
    for (let id = changes.evicted.first; id < changes.evicted.end && tracks.size > 0; id++) tracks.delete(id);
    for (let id = changes.opened.first; id < changes.opened.end; id++) visit(store, tracks, id, true);
    for (const id of changes.updated) visit(store, tracks, id, false);
    for (const id of changes.closed) visit(store, tracks, id, false);
  });
}

function visit(store: DissectedStore, tracks: Map<FlowId, Track>, id: FlowId, opened: boolean): void {
  let track = tracks.get(id);
  const flow = opened || track ? store.flow(id) : undefined;
  if (!flow) return;
  if (!track) {
    track = { fed: new FedDissection(flow), shown: '' };
    tracks.set(id, track);
    if (tracks.size > maxTracks) tracks.delete(tracks.keys().next().value!);
  }
  track.fed.feed(flow, store);
  const { application } = track.fed.dissection;
  const shown = JSON.stringify(application);
  if (application.protocol && shown !== track.shown) {
    track.shown = shown;
    store.setApplication(id, application);
  }
  if (flow.state === 'closed' || track.fed.dissection.hopeless) tracks.delete(id);
}
