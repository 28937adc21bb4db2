import type { ContainerCreateRequest, HostConfig } from '@docker/node-sdk';
import type { CreateContainerArg } from '../bridge/create-container.ts';

type Published = NonNullable<CreateContainerArg['ports']>[number];

const keyOf = ({ containerPort, protocol }: Published) => `${containerPort}/${protocol}`;

function hostPortOf({ hostPorts }: Published): string {
  if (!hostPorts) return '';
  const { first, last } = hostPorts;
  return first === last ? `${first}` : `${first}-${last}`;
}

function portBindings(ports: readonly Published[]): NonNullable<HostConfig['PortBindings']> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const list = bindings[keyOf(port)] ?? [];
    list.push({ HostIp: port.hostAddress ?? '', HostPort: hostPortOf(port) });
    bindings[keyOf(port)] = list;
  }
  return bindings;
}

function hostConfigOf({ ports = [], folders = [], memoryFolders = [], restart }: CreateContainerArg): HostConfig {
  return {
    ...(ports.length > 0 && { PortBindings: portBindings(ports) }),
    ...(folders.length > 0 && {
      Mounts: folders.map(({ source, target, readOnly }) => ({
        Type: source.startsWith('/') ? ('bind' as const) : ('volume' as const),
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
    }),
    ...(memoryFolders.length > 0 && {
      Tmpfs: Object.fromEntries(
        memoryFolders.map(({ target, bytes }) => [target, bytes === undefined ? '' : `size=${bytes}`]),
      ),
    }),
    ...(restart &&
      restart.policy !== 'no' && {
        RestartPolicy: {
          Name: restart.policy,
          MaximumRetryCount: restart.policy === 'on-failure' ? (restart.tries ?? 0) : 0,
        },
      }),
  };
}

/** The form's words in those of Docker's API. */
export function createRequest(arg: CreateContainerArg): ContainerCreateRequest {
  const { image, command = [], environment = [], ports = [] } = arg;
  const hostConfig = hostConfigOf(arg);
  return {
    Image: image,
    ...(command.length > 0 && { Cmd: command }),
    ...(environment.length > 0 && { Env: environment }),
    ...(ports.length > 0 && { ExposedPorts: Object.fromEntries(ports.map((port) => [keyOf(port), {}])) }),
    ...(Object.keys(hostConfig).length > 0 && { HostConfig: hostConfig }),
  };
}
