import * as z from 'zod';
import { call } from './shapes.ts';

/** A port of this host; an empty address stands for every one. */
const question = z.strictObject({
  address: z.union([z.literal(''), z.ipv4(), z.ipv6()]),
  port: z.number().int().min(1).max(65_535),
  protocol: z.enum(['tcp', 'udp']),
});

export type PortQuestion = z.output<typeof question>;

/** Who has a port. */
export interface PortAnswer extends PortQuestion {
  readonly state: 'free' | 'container' | 'process';
  readonly container?: { readonly id: string; readonly name: string };
  /** Absent where the host does not tell. */
  readonly process?: { readonly pid: number; readonly name: string };
  /** The next number that nobody has; 0 = none. */
  readonly nextFree: number;
}

/** What an image says of the containers made from it. */
export interface ImageFacts {
  /** `80/tcp`, lowest first. */
  readonly exposedPorts: readonly string[];
  /** Program and arguments that run when no command is given. */
  readonly command: readonly string[];
}

const nothing = z.undefined();

export const portMethods = {
  /** In the order asked; empty where the host cannot tell. */
  'ports.ask': call(z.strictObject({ ports: z.array(question).max(256) })).gives<readonly PortAnswer[]>(),
  /** Addresses of this computer that a port can be published on, beside the loopback ones. */
  'ports.addresses': call(nothing).gives<readonly string[]>(),
  /** Opens a published tcp port of a running container in the system's browser; any other address is refused. */
  'ports.open': call(z.strictObject({ url: z.string().min(1).max(300) })).gives<void>(),
  'images.facts': call(z.strictObject({ id: z.string().min(1).max(4096) })).gives<ImageFacts>(),
  /** Asks for a folder of this computer in a dialog of the system; without a path when none was chosen. */
  'folders.choose': call(nothing).gives<{ readonly path?: string }>(),
} as const;
