import * as z from 'zod';

/** An absolute path, of the host or inside of the container. */
const path = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/);
/** Docker's rule for names. */
const volumeName = z
  .string()
  .max(255)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
const portNumber = z.number().int().min(1).max(65_535);

/** A port of the container that the host answers on. */
export const publishedPort = z.strictObject({
  containerPort: portNumber,
  protocol: z.enum(['tcp', 'udp']),
  /** Left out: every address of the host. */
  hostAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** One of these, the first that is free; left out: any. */
  hostPorts: z.strictObject({ first: portNumber, last: portNumber }).optional(),
});

/** What a container is asked to be. What is left out is the image's, or the engine's default. */
export const createContainer = z.strictObject({
  image: z.string().min(1).max(4096),
  name: z.string().max(255).optional(),
  /** Replaces the image's command; left out or empty keeps it. */
  command: z.array(z.string().max(131_072)).max(4096).optional(),
  /** `NAME=value`, on top of the image's. */
  environment: z
    .array(
      z
        .string()
        .max(131_072)
        .regex(/^[^=\0]+=[^\0]*$/),
    )
    .max(4096)
    .optional(),
  ports: z.array(publishedPort).max(256).optional(),
  /** Folders of the host that the container sees, one that is not there is refused; and volumes by name, which are made. */
  folders: z
    .array(z.strictObject({ source: z.union([path, volumeName]), target: path, readOnly: z.boolean() }))
    .max(256)
    .optional(),
  /** Folders in memory, gone with the container's end. `bytes`: as large at most. */
  memoryFolders: z
    .array(z.strictObject({ target: path, bytes: z.number().int().min(4096).max(1e15).optional() }))
    .max(64)
    .optional(),
  restart: z
    .strictObject({
      policy: z.enum(['no', 'on-failure', 'always', 'unless-stopped']),
      /** With `on-failure`: tries at most; left out: without end. */
      tries: z.number().int().min(1).max(1_000_000).optional(),
    })
    .optional(),
  start: z.boolean().optional(),
});

export type CreateContainerArg = z.output<typeof createContainer>;
