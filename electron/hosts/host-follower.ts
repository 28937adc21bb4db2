import type { EventMessage } from '@docker/node-sdk';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { Container } from '../bridge/host.ts';
import { HostError, toHostError } from './host-error.ts';
import { type HostState, toContainer, toListedContainer } from './host-state.ts';
import type { ImageBook } from './image-book.ts';
import { createPulse, type Pulse } from './pulse.ts';

/** Inspections under way at one time. */
const WIDTH = 8;
/** Events about a container that change nothing of what is shown. */
const quiet = /^(exec_|attach|detach|resize|top|commit|copy|export|archive-path|extract-to-dir)/;

/** What must be looked at again. */
export interface Attention {
  readonly containers: Set<string>;
  images: boolean;
  /** Beats when something was added. */
  readonly woken: Pulse;
  /** Beats at every event about a container, also a quiet one, and when events may have been missed. */
  readonly events: Pulse;
}

/** Makes one that asks for nothing. */
export function createAttention(): Attention {
  return { containers: new Set(), images: false, woken: createPulse(), events: createPulse() };
}

/** Has a container looked at, of which no event may come: Docker tells nobody of a start that failed. */
export function lookAt(attention: Attention, id: string): void {
  attention.containers.add(id);
  attention.woken.beat();
}

function note(attention: Attention, { Type: type, Action: action, Actor: actor }: EventMessage): void {
  if (type === 'container') attention.events.beat();
  if (type === 'image') attention.images = true;
  else if (type !== 'container' || !actor?.ID || quiet.test(action ?? '')) return;
  else attention.containers.add(actor.ID);
  attention.woken.beat();
}

/** A container as it is; undefined when it is gone; `known` with the reason when the host cannot tell about it alone. */
async function inspect(host: DockerHost, id: string, known: Container | undefined): Promise<Container | undefined> {
  try {
    return toContainer(await host.containers.inspect(id));
  } catch (error) {
    const { code, message } = toHostError(error);
    if (code === 'not-found') return undefined;
    if (code === 'unavailable' || code === 'cancelled' || !known) throw error;
    return { ...known, error: message };
  }
}

/** Runs `work` over all items, at most `WIDTH` at one time. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(WIDTH, items.length) }, worker));
}

/** Whether there are images that were never looked at. */
async function list({ host, state, images: book }: FollowParts): Promise<boolean> {
  const [summaries, images] = await Promise.all([host.containers.list(), host.images.list()]);
  const containers: Container[] = [];
  await forEach(summaries, async (summary) => {
    const known = toListedContainer(summary);
    const container = await inspect(host, known.id, known);
    if (container) containers.push(container);
  });
  state.replace(containers, book.known(images));
  return book.missing(images).length > 0;
}

/** Lists the images, and looks at those that were never seen. */
async function listImages({ host, state, images: book, changed }: FollowParts): Promise<void> {
  const listed = await host.images.list();
  state.replaceImages(book.known(listed));
  const missing = book.missing(listed);
  if (missing.length === 0) return;
  changed.beat();
  await forEach(missing, async (id) => void (await book.look(host.images, id)));
  state.replaceImages(book.known(listed));
}

/** Looks at what is stale. Each id is looked at once at a time and after its last event, so no old answer wins. */
async function refresh(parts: FollowParts): Promise<void> {
  const { host, state, attention: stale } = parts;
  const ids = [...stale.containers];
  const imagesToo = stale.images;
  stale.containers.clear();
  stale.images = false;
  await forEach(ids, async (id) => {
    const container = await inspect(host, id, state.containers.get(id));
    if (container) state.putContainer(container);
    else state.removeContainer(id);
  });
  if (imagesToo) await listImages(parts);
}

export interface FollowParts {
  readonly host: DockerHost;
  readonly state: HostState;
  /** Beaten when `state` may have changed. */
  readonly changed: Pulse;
  readonly attention: Attention;
  readonly images: ImageBook;
}

/**
 * Keeps `state` equal to the host until the connection is lost or the signal aborts: subscribes, then lists, then looks
 * again at whatever the events named meanwhile and from then on. An event's own words are not used, only that it came.
 * @throws HostError why the connection was lost.
 */
export async function followHost(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const { host, changed, attention } = parts;
  const session = new AbortController();
  const abort = () => session.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const events = await host.system.events(session.signal);
    const consume = async () => {
      for await (const event of events) note(attention, event);
      if (signal.aborted) return;
      throw new HostError('unavailable', 'The connection to the container engine was lost.', {
        reason: 'engine.not-answering',
      });
    };
    const keepUp = async () => {
      // what was never seen is looked at when the lists are shown
      if (await list(parts)) attention.images = true;
      attention.events.beat();
      changed.beat();
      for (let seen = -1; !session.signal.aborted; ) {
        await attention.woken.after(seen, session.signal);
        seen = attention.woken.count;
        await refresh(parts);
        changed.beat();
      }
    };
    const both = [consume(), keepUp()];
    try {
      await Promise.race(both);
    } finally {
      session.abort();
      await Promise.allSettled(both);
    }
  } catch (error) {
    if (!signal.aborted) throw toHostError(error);
  } finally {
    session.abort();
    signal.removeEventListener('abort', abort);
  }
}
