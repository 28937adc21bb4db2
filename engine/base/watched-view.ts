import { type Channel, createChannel } from './channel.ts';

/** Who is told that something has changed. */
export type Watchers = Set<() => void>;

export interface WatchOptions {
  /** Milliseconds between two tellings. */
  pause: number;
  /** Looked at after each telling: nothing more will change. */
  isOver?: () => boolean;
}

/** What `view` gives, at once and after each change, with pauses between. */
export function watchView<T>(view: () => T, watchers: Watchers, { pause, isOver }: WatchOptions): Channel<T> {
  let timer: NodeJS.Timeout | undefined;
  let isNew = false;
  const channel = createChannel<T>({
    onClose: () => {
      watchers.delete(note);
      clearTimeout(timer);
    },
  });
  const tell = () => {
    isNew = false;
    const over = isOver?.() ?? false;
    channel.push(view());
    if (over) return channel.end();
    timer = setTimeout(() => {
      timer = undefined;
      if (isNew) tell();
    }, pause);
  };
  function note() {
    isNew = true;
    if (!timer) tell();
  }
  watchers.add(note);
  tell();
  return channel;
}
