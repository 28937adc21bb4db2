import * as z from 'zod';
import { createContainer } from './create-container.ts';
import type { Warning } from './failure.ts';
import { call, stream } from './shapes.ts';

/** A container's id or name. */
const id = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
const byId = z.strictObject({ id });

export interface LogLine {
  /** RFC 3339 with nanoseconds, as the engine wrote it. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its line end. */
  readonly text: string;
}

export const containerMethods = {
  /**
   * Creates and, with `start`, starts. When the start fails the container stays, as with `docker run`, and the call fails
   * with the engine's words.
   */
  'containers.create': call(createContainer).gives<{
    readonly id: string;
    readonly warnings: readonly Warning[];
  }>(),
  'containers.start': call(byId).gives<void>(),
  'containers.stop': call(byId).gives<void>(),
  'containers.restart': call(byId).gives<void>(),
  'containers.kill': call(z.strictObject({ id, signal: z.string().max(32).optional() })).gives<void>(),
  'containers.pause': call(byId).gives<void>(),
  'containers.unpause': call(byId).gives<void>(),
  /**
   * Makes the container anew with another host port and starts it; the old one is removed when it never ran, else it
   * stays, and the new one is named after it. When the start fails all is as before.
   */
  'containers.runOnPort': call(
    z.strictObject({
      id,
      protocol: z.enum(['tcp', 'udp']),
      from: z.number().int().min(1).max(65_535),
      to: z.number().int().min(1).max(65_535),
    }),
  ).gives<void>(),
  'containers.rename': call(z.strictObject({ id, name: z.string().min(1).max(255) })).gives<void>(),
  'containers.remove': call(z.strictObject({ id, force: z.boolean().optional() })).gives<void>(),
  /**
   * Oldest first. With `follow` the stream ends when the container does, and goes on by itself over a restart of the
   * engine. `tail`: so many lines from the end, all when left out. `since`: seconds since the epoch.
   */
  'containers.logs': stream(
    z.strictObject({
      id,
      follow: z.boolean(),
      tail: z.number().int().min(0).max(10_000_000).optional(),
      since: z.number().min(0).optional(),
    }),
  ).of<LogLine>(),
} as const;
