import type { ContainerCreateRequest, ContainerInspectResponse, HostConfig } from '@docker/node-sdk';
import type { ContainerCalls } from '../../engine/compose/docker-host.ts';
import type { Arg } from '../bridge/contract.ts';

type Change = Pick<Arg<'containers.runOnPort'>, 'protocol' | 'from' | 'to'>;

/** What an inspection tells and a create does not take: facts of the host, of the CLI that made it, of Windows. */
const told: readonly (keyof HostConfig)[] = ['CgroupnsMode', 'ConsoleSize', 'ContainerIDFile', 'Isolation'];
/** Compose would take a second container with its labels for one of its own. */
const isComposeLabel = (name: string) => name.startsWith('com.docker.compose.');

/** The request that makes the same container with another host port. */
export function requestWithPort(inspected: ContainerInspectResponse, change: Change): ContainerCreateRequest {
  const { Config: config = {}, HostConfig: host = {}, Id: id = '' } = inspected;
  const { Hostname: hostname, Labels: labels = {}, ...same } = config;
  const bindings = Object.entries(host.PortBindings ?? {}).map(([key, list]) => {
    const ours = key.endsWith(`/${change.protocol}`);
    const moved = (list ?? []).map((binding) =>
      ours && binding.HostPort === String(change.from) ? { ...binding, HostPort: String(change.to) } : binding,
    );
    return [key, moved] as const;
  });
  const kept = Object.entries(host).filter(([field]) => !told.includes(field as keyof HostConfig));
  return {
    ...same,
    // the name the host gave it is no wish
    ...(hostname && !id.startsWith(hostname) && { Hostname: hostname }),
    Labels: Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !isComposeLabel(name))),
    HostConfig: { ...Object.fromEntries(kept), PortBindings: Object.fromEntries(bindings) },
  } as ContainerCreateRequest;
}

/** Makes the container anew on another port and starts it; as `containers.runOnPort` of the bridge says. */
export async function runOnPort(
  containers: ContainerCalls,
  { id, ...change }: Arg<'containers.runOnPort'>,
): Promise<void> {
  const inspected = await containers.inspect(id);
  const name = (inspected.Name ?? '').replace(/^\//, '');
  const ran = !(inspected.State?.StartedAt ?? '').startsWith('0001-');
  const created = await containers.create(requestWithPort(inspected, change), `${name}-${change.to}`);
  try {
    await containers.start(created.id);
  } catch (error) {
    await containers.remove(created.id, { force: true });
    throw error;
  }
  if (ran) return;
  // nothing was ever written in it: the new one takes its place
  await containers.remove(id, { force: false });
  await containers.rename(created.id, name);
}
