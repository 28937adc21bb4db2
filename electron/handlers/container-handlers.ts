import type { HostWarning } from '../../engine/compose/docker-host.ts';
import type { containerMethods } from '../bridge/containers.ts';
import type { Handlers } from '../bridge/handlers.ts';
import { HostError } from '../hosts/host-error.ts';
import { containerLogs, type LogSources } from './container-logs.ts';
import { createRequest } from './create-request.ts';
import { runOnPort } from './run-on-port.ts';

export interface ContainerSources extends LogSources {
  /** Has a container looked at again, because no event tells of what failed. */
  readonly lookAgain: (id: string) => void;
}

/** To have what one wants already is no failure: it runs, or it stopped by itself before. */
async function act({ lookAgain }: ContainerSources, id: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    lookAgain(id);
    if (!(error instanceof HostError && error.code === 'not-modified')) throw error;
  }
}

async function create(
  sources: ContainerSources,
  arg: Parameters<Handlers['containers.create']>[0],
): Promise<{ id: string; warnings: HostWarning[] }> {
  const { containers } = sources.host;
  const created = await containers.create(createRequest(arg), arg.name === '' ? undefined : arg.name);
  if (arg.start) await act(sources, created.id, containers.start(created.id));
  return created;
}

/** What the renderer may do with containers. */
export function containerHandlers(sources: ContainerSources): Pick<Handlers, keyof typeof containerMethods> {
  const { containers } = sources.host;
  return {
    'containers.create': (arg) => create(sources, arg),
    'containers.start': ({ id }) => act(sources, id, containers.start(id)),
    'containers.stop': ({ id }) => act(sources, id, containers.stop(id)),
    'containers.restart': ({ id }) => act(sources, id, containers.restart(id)),
    'containers.kill': ({ id, signal }) => containers.kill(id, signal),
    'containers.pause': ({ id }) => act(sources, id, containers.pause(id)),
    'containers.unpause': ({ id }) => act(sources, id, containers.unpause(id)),
    'containers.runOnPort': (arg) => runOnPort(containers, arg),
    'containers.rename': ({ id, name }) => containers.rename(id, name),
    'containers.remove': ({ id, force }) => containers.remove(id, { force: force ?? false }),
    'containers.logs': (arg, signal) => containerLogs(sources, arg, signal),
  };
}
