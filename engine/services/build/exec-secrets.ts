import { chmodSync, chownSync, closeSync, constants, mkdirSync, openSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { openPathOnly } from '../../base/libc.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import type { OciMount } from '../../drivers/oci/oci-spec.ts';
import type { BuildClient } from './build-service.ts';
import type { ExecMount, SecretMount, SshMount } from './node.ts';
import type { WorkSite } from './work-site.ts';

/** What a step gets of its client. */
export interface StepSecrets {
  mounts: readonly OciMount[];
  /** `NAME=value`. */
  environment: readonly string[];
  /** A folder in memory for everything that a value may stand in; undefined where no step has secrets. */
  memory?: string;
}

interface SecretRequest {
  site: WorkSite;
  mounts: readonly ExecMount[];
  client: BuildClient | undefined;
  signal: AbortSignal;
}

type Asked = { client: BuildClient; signal: AbortSignal };

const isSecret = (mount: ExecMount): mount is SecretMount => mount.type === 'secret';
const isSsh = (mount: ExecMount): mount is SshMount => mount.type === 'ssh';

/**
 * Gives the secrets and agents that a RUN mounts for as long as `work` takes: values are in memory only, in a filesystem that
 * goes with the step, also after a crash (the place is that of a container's shared memory).
 * @throws EngineError `invalid` in BuildKit's words for one that the client does not have, unless the step can do without
 */
export async function withSecrets<T>(
  mounter: Mounter,
  { site, mounts, client, signal }: SecretRequest,
  work: (secrets: StepSecrets) => Promise<T>,
): Promise<T> {
  const secrets = mounts.filter(isSecret);
  const agents = mounts.filter(isSsh);
  if (secrets.length + agents.length === 0 || !client) return work({ mounts: [], environment: [] });
  const memory = path.join(path.dirname(site.rootfs), 'shm');
  const closing: (() => Promise<void>)[] = [];
  mkdirSync(memory, { mode: 0o700 });
  try {
    await mounter.mount(
      [{ type: 'tmpfs', source: 'secrets', options: ['nosuid', 'noexec', 'nodev', 'mode=700'] }],
      memory,
    );
    const asked = { client, signal };
    const brought: Brought[] = [];
    for (const mount of secrets) brought.push(await bringSecret(asked, memory, { mount, number: brought.length }));
    for (const mount of agents)
      brought.push(await bringAgent(asked, memory, { mount, number: brought.length, closing }));
    const sockets = agents.filter((_, index) => brought[secrets.length + index]?.mount !== undefined);
    return await work({
      mounts: brought.flatMap(({ mount }) => mount ?? []),
      environment: [
        ...brought.flatMap(({ variable }) => variable ?? []),
        ...sockets.slice(0, 1).map(({ target }) => `SSH_AUTH_SOCK=${target}`),
      ],
      memory,
    });
  } finally {
    for (const close of closing) await close();
    await mounter.unmount(memory);
    rmdirSync(memory);
  }
}

interface Brought {
  mount?: OciMount;
  variable?: string;
}

async function bringSecret(
  asked: Asked,
  memory: string,
  { mount, number }: { mount: SecretMount; number: number },
): Promise<Brought> {
  const { id, required, target, env } = mount;
  const value = await unlessMissing(unlessAborted(asked.client.secret(id), asked.signal));
  if (!value) {
    if (!required) return {};
    throw new EngineError('invalid', `secret ${id}: not found`, { reason: 'build.secret-missing', params: { id } });
  }
  if (env !== undefined && value.includes(0))
    throw new EngineError('invalid', `secret ${id} cannot be the variable ${env}: it holds a zero byte`);
  const variable = env === undefined ? {} : { variable: `${env}=${Buffer.from(value).toString()}` };
  if (target === undefined) return variable;
  const file = path.join(memory, `secret-${number}`);
  writeFileSync(file, value, { mode: 0o600 });
  own(file, mount);
  return { ...variable, mount: bound(file, target, 'ro') };
}

async function bringAgent(
  { client, signal }: Asked,
  memory: string,
  { mount, number, closing }: { mount: SshMount; number: number; closing: (() => Promise<void>)[] },
): Promise<Brought> {
  const { id, required, target } = mount;
  const first = await unlessMissing(unlessAborted(client.sshAgent(id), signal));
  if (!first) {
    if (!required) return {};
    const words = `no SSH key ${JSON.stringify(id)} forwarded from the client`;
    throw new EngineError('invalid', words, { reason: 'build.ssh-missing', params: { id } });
  }
  first.on('error', () => {}).destroy();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void forward(client, id, socket);
  });
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const name = `agent-${number}`;
  await listen(server, memory, name);
  own(path.join(memory, name), mount);
  return { mount: bound(path.join(memory, name), target, 'rw') };
}

/** Each connection of the step is one of its own to the client's agent. */
async function forward(client: BuildClient, id: string, socket: Socket): Promise<void> {
  socket.on('error', () => {});
  try {
    const agent = await client.sshAgent(id);
    agent.on('error', () => socket.destroy());
    agent.once('close', () => socket.destroy());
    socket.once('close', () => agent.destroy());
    if (socket.destroyed) agent.destroy();
    socket.pipe(agent).pipe(socket);
  } catch {
    // the agent has gone: so says the closed connection
    socket.destroy();
  }
}

/** The address of a socket has 108 bytes at most: by way of an open directory the path is short. */
async function listen(server: Server, directory: string, name: string): Promise<void> {
  const descriptor = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: `/proc/self/fd/${descriptor}/${name}` }, resolve);
    });
  } finally {
    closeSync(descriptor);
  }
}

function own(file: string, { mode, uid, gid }: { mode: number; uid: number; gid: number }): void {
  chownSync(file, uid, gid);
  chmodSync(file, mode);
}

const bound = (source: string, destination: string, access: 'ro' | 'rw'): OciMount => ({
  ...{ destination, source, type: 'bind', options: ['bind', 'rprivate', access, 'nosuid', 'nodev', 'noexec'] },
});

/** @throws the signal's reason as soon as it is aborted */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
