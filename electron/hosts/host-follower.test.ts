import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventMessage } from '@docker/node-sdk';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import { HostError } from './host-error.ts';
import { createAttention, followHost, lookAt } from './host-follower.ts';
import { createHostState } from './host-state.ts';
import { createImageBook } from './image-book.ts';
import { createPulse } from './pulse.ts';

interface Scene {
  readonly ids: string[];
  readonly inspect: (id: string) => void;
  readonly events: (signal: AbortSignal) => AsyncIterable<EventMessage>;
}

const about = (id: string, action = 'start') =>
  ({ Type: 'container', Action: action, Actor: { ID: id } }) as EventMessage;

/** Events in which nothing happens. */
async function* quiet(signal: AbortSignal): AsyncGenerator<EventMessage> {
  await createPulse().after(0, signal);
  yield* [];
}

/** A host that tells of containers by id; what is inspected is named after how often it was. */
function hostOf({ ids, inspect, events }: Scene): { host: DockerHost; order: string[] } {
  const order: string[] = [];
  const counts = new Map<string, number>();
  const host = {
    system: {
      events: async (signal: AbortSignal) => {
        order.push('subscribe');
        return events(signal);
      },
    },
    images: { list: async () => [] },
    containers: {
      list: async () => {
        order.push('list');
        return ids.map((Id) => ({ Id, Names: [`/${Id}`] }));
      },
      inspect: async (id: string) => {
        inspect(id);
        counts.set(id, (counts.get(id) ?? 0) + 1);
        return { Id: id, Name: `/${id}-${counts.get(id)}` };
      },
    },
  } as unknown as DockerHost;
  return { host, order };
}

function follow(scene: Scene) {
  const { host, order } = hostOf(scene);
  const state = createHostState();
  const changed = createPulse();
  const attention = createAttention();
  const stop = new AbortController();
  const following = followHost({ host, state, changed, attention, images: createImageBook() }, stop.signal);
  const names = () => [...state.containers.values()].map(({ name }) => name);
  return { order, state, changed, attention, stop, following, names };
}

const gone = new HostError('not-found', 'gone');

test('it subscribes before it lists, and looks again at what events named meanwhile', async () => {
  let listed = 0;
  const { order, changed, stop, following, names } = follow({
    ids: ['a', 'b'],
    inspect: (id) => {
      if (id === 'b' && listed++ > 0) throw gone;
    },
    events: async function* (signal) {
      yield about('a');
      yield about('a', 'exec_start: sh');
      yield about('b', 'destroy');
      await changed.after(10, signal);
    },
  });
  while (names().join() !== 'a-2') await changed.after(changed.count, AbortSignal.timeout(10_000));
  assert.deepEqual(order, ['subscribe', 'list']);
  stop.abort();
  await following;
});

test('a container that cannot be inspected hides no other', async () => {
  const { changed, stop, following, state } = follow({
    ids: ['good', 'bad'],
    inspect: (id) => {
      if (id === 'bad') throw new HostError('internal', 'its record is damaged');
    },
    events: quiet,
  });
  while (!state.listed) await changed.after(changed.count, AbortSignal.timeout(10_000));
  assert.equal(state.containers.get('bad')?.error, 'its record is damaged');
  assert.equal(state.containers.get('good')?.name, 'good-1');
  stop.abort();
  await following;
});

test('what no event tells of is looked at when asked for', async () => {
  const { attention, changed, stop, following, names, state } = follow({
    ids: ['a'],
    inspect: () => undefined,
    events: quiet,
  });
  while (!state.listed) await changed.after(changed.count, AbortSignal.timeout(10_000));
  lookAt(attention, 'a');
  while (names().join() !== 'a-2') await changed.after(changed.count, AbortSignal.timeout(10_000));
  stop.abort();
  await following;
});

test('the end of the events, and a host that is gone, are a lost connection', async () => {
  const ended = follow({ ids: [], inspect: () => undefined, events: async function* () {} });
  await assert.rejects(ended.following, { code: 'unavailable', reason: 'engine.not-answering' });
  const lost = follow({
    ids: ['a'],
    inspect: () => {
      throw new HostError('unavailable', 'ECONNREFUSED');
    },
    events: quiet,
  });
  await assert.rejects(lost.following, { message: 'ECONNREFUSED' });
});
