import { create } from 'zustand';
import type { Failure } from '../../electron/bridge/failure.ts';
import type { Container, EngineState, EntityPatch, HostUpdate, Image } from '../../electron/bridge/host.ts';
import { openStream } from './bridge-client.ts';

/** What is known of one host: its entities by id, as the last update told. */
export interface HostState {
  engine: EngineState | undefined;
  /** False until the lists were read once. */
  listed: boolean;
  containers: Readonly<Record<string, Container>>;
  images: Readonly<Record<string, Image>>;
  /** Why nothing more will come: the watch itself broke. */
  lost: Failure | undefined;
}

const unknown: HostState = { engine: undefined, listed: false, containers: {}, images: {}, lost: undefined };

export const useHost = create<HostState>()(() => unknown);

/** The state after an update. Pure; entities that did not change keep their identity. */
function applyUpdate(state: HostState, update: HostUpdate): HostState {
  if (update.type === 'snapshot') {
    return {
      engine: update.engine,
      listed: update.listed,
      containers: Object.fromEntries(update.containers.map((entity) => [entity.id, entity])),
      images: Object.fromEntries(update.images.map((entity) => [entity.id, entity])),
      lost: undefined,
    };
  }
  return {
    ...state,
    engine: update.engine ?? state.engine,
    containers: patched(state.containers, update.containers),
    images: patched(state.images, update.images),
  };
}

function patched<T extends { readonly id: string }>(
  entities: Readonly<Record<string, T>>,
  patch: EntityPatch<T> | undefined,
): Readonly<Record<string, T>> {
  if (!patch) return entities;
  const next = { ...entities };
  for (const id of patch.gone) delete next[id];
  for (const entity of patch.put) next[entity.id] = entity;
  return next;
}

/** Feeds the store, for as long as the page is there. A broken watch is opened again after a second. */
export function watchHost(): void {
  openStream('host.watch', undefined, {
    onItems: (items) => useHost.setState((state) => items.reduce(applyUpdate, state)),
    onEnd: (failure) => {
      if (failure) useHost.setState({ lost: failure });
      setTimeout(watchHost, 1000);
    },
  });
}
