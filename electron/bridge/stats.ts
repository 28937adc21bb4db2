import * as z from 'zod';
import { stream } from './shapes.ts';

/** A container's id or name. */
const byId = z.strictObject({ id: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/) });

/** What a running container uses at one moment. Rates are absent in the first sample: they need one before. */
export interface StatsSample {
  /** Milliseconds since the epoch, by the host's clock. */
  readonly time: number;
  /** Percent of one processor: 150 is one and a half. Absent like a rate. */
  readonly cpu?: number;
  /** Processors that are there for it. */
  readonly cores: number;
  /** Bytes, without the cache that can be given back. */
  readonly memory: number;
  /** Bytes a second. `none`: it has no network of its own to count. */
  readonly network?: { readonly received: number; readonly sent: number } | 'none';
  /** Bytes a second. */
  readonly disk?: { readonly read: number; readonly written: number };
  readonly pids: number;
}

/** `/containers/ID/json` as the host gave it. */
export type InspectedContainer = Readonly<Record<string, unknown>>;

export const statsMethods = {
  /**
   * About one sample a second while the container runs; nothing while it does not. Goes on over restarts of the container
   * and of the engine; ends when the container is removed.
   */
  'containers.stats': stream(byId).of<StatsSample>(),
  /** The container as it is now, and again whenever that changed; ends when it is removed. */
  'containers.inspect': stream(byId).of<InspectedContainer>(),
} as const;
