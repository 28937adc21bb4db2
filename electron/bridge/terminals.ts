import * as z from 'zod';
import { call, duplex } from './shapes.ts';

/** A container's id or name. */
const id = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/);
const size = { columns: z.number().int().min(1).max(1000), rows: z.number().int().min(1).max(1000) };
/** The page's own name of a terminal, by which it is resized. */
const terminal = z.string().regex(/^[a-z0-9-]{1,64}$/);
const user = z.string().min(1).max(255);
const command = z.array(z.string().max(4096)).min(1).max(64);

export type TerminalItem =
  /** It is there. `writable` is false for a main process without stdin. */
  | { readonly type: 'open'; readonly tty: boolean; readonly writable: boolean }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** The last one. Without a code the process goes on without us. */
  | { readonly type: 'exit'; readonly code?: number };

export const terminalMethods = {
  /** Names of the shells in the container's image, the best one first; none is no failure. */
  'terminals.shells': call(z.strictObject({ id })).gives<readonly string[]>(),
  /** A further process in a container. Cancelling hangs up. */
  'terminals.shell': duplex(
    z.strictObject({ terminal, id, command, user: user.optional(), ...size }),
  ).of<TerminalItem>(),
  /** The main process of a container. Cancelling leaves it running. */
  'terminals.attach': duplex(z.strictObject({ terminal, id, ...size })).of<TerminalItem>(),
  /** The user's own shell on this computer, with DOCKER_HOST set. Cancelling ends what runs in it. */
  'terminals.host': duplex(z.strictObject({ terminal, ...size })).of<TerminalItem>(),
  /** Does nothing when the terminal has ended. */
  'terminals.resize': call(z.strictObject({ terminal, ...size })).gives<void>(),
} as const;
