import type { Channel } from '../base/channel.ts';

export type EventType = 'builder' | 'container' | 'daemon' | 'image' | 'network' | 'volume';

/** Something that happened and is durable. Actions are Docker's words (`create`, `start`, `die`, `load`, `untag`, …). */
export interface EngineEvent {
  /** Grows without gaps in meaning: replay after a known event is exact. */
  sequence: number;
  /** Nanoseconds since the epoch. */
  timeNano: bigint;
  type: EventType;
  action: string;
  actor: { id: string; attributes: Readonly<Record<string, string>> };
}

export interface WatchOptions {
  /** Replays from here (inclusive), nanoseconds since the epoch. */
  since?: bigint;
  /** Ends there; with a time in the past only the replay is given. */
  until?: bigint;
}

/** What tells the world. A service records an event inside the transaction of the change; readers get it after commit. */
export interface EventBus {
  record(event: Pick<EngineEvent, 'type' | 'action' | 'actor'>): void;
  /** Replay, then live without a gap or a double; leaving the loop ends it. */
  watch(options?: WatchOptions): Channel<EngineEvent>;
  /** How many listen now. */
  watchers(): number;
}
