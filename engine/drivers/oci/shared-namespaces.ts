import { EngineError } from '../../base/errors.ts';
import type { IdRange } from '../../base/id-map.ts';
import type { OciLinux } from './oci-spec.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecRequest } from './spec-request.ts';

type Namespace = OciLinux['namespaces'][number];

/** A namespace of its own, another's by its path, or (the host's) none. */
function namespace(type: Namespace['type'], shared: 'host' | { path: string } | undefined): Namespace[] {
  if (shared === 'host') return [];
  return [shared === undefined ? { type } : { type, path: shared.path }];
}

/** Docker's default of the cgroup namespace: the host's where cgroups are v1. */
const cgroupDefault = (host: Pick<SpecHost, 'cgroupVersion'>) => (host.cgroupVersion === 2 ? 'private' : 'host');

export function namespacesOf(
  { network, namespaces: shared = {}, userNamespace }: Pick<SpecRequest, 'network' | 'namespaces' | 'userNamespace'>,
  host: Pick<SpecHost, 'cgroupVersion'>,
): Namespace[] {
  return [
    { type: 'mount' },
    ...(userNamespace ? [{ type: 'user' as const, path: userNamespace.path }] : []),
    ...namespace('network', network === 'host' ? network : { path: network }),
    ...namespace('uts', shared.uts),
    ...namespace('pid', shared.pid),
    ...namespace('ipc', shared.ipc),
    ...((shared.cgroup ?? cgroupDefault(host)) === 'private' ? [{ type: 'cgroup' as const }] : []),
  ];
}

const mappings = (ranges: readonly IdRange[]) =>
  ranges.map(({ inside, outside, length }) => ({ containerID: inside, hostID: outside, size: length }));

/** A runtime wants the maps also of a user namespace that is there. */
export const idMappingsOf = ({
  userNamespace,
}: Pick<SpecRequest, 'userNamespace'>): Pick<OciLinux, 'uidMappings' | 'gidMappings'> =>
  userNamespace ? { uidMappings: mappings(userNamespace.map.uids), gidMappings: mappings(userNamespace.map.gids) } : {};

/** What containers get by default, as far as their users exist: the kernel refuses a range with a group that has no id. */
export function defaultSysctlsOf(
  { network, userNamespace }: Pick<SpecRequest, 'network' | 'userNamespace'>,
  { defaultSysctls }: Pick<SpecHost, 'defaultSysctls'>,
): Readonly<Record<string, string>> {
  if (network === 'host') return {};
  const ping = 'net.ipv4.ping_group_range';
  if (!userNamespace || !(ping in defaultSysctls)) return defaultSysctls;
  const last = userNamespace.map.gids.reduce((sum, { length }) => sum + length, 0) - 1;
  return { ...defaultSysctls, [ping]: `0 ${Math.min(last, 2 ** 31 - 1)}` };
}

const ofIpc = new Set(
  ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
    (name) => `kernel.${name}`,
  ),
);

/** Why a sysctl would be set for the whole host, in runc's words (libcontainer, `configs/validate`). */
function problemOf(name: string, { network, namespaces: shared = {} }: Pick<SpecRequest, 'network' | 'namespaces'>) {
  const quoted = JSON.stringify(name);
  if (ofIpc.has(name) || name.startsWith('fs.mqueue.')) {
    return shared.ipc === 'host' ? `sysctl ${quoted} is not allowed in the hosts ipc namespace` : undefined;
  }
  if (name.startsWith('net.')) {
    return network === 'host' ? `sysctl ${quoted} not allowed in host network namespace` : undefined;
  }
  if (name === 'kernel.domainname' && shared.uts !== 'host') return undefined;
  if (name === 'kernel.hostname') {
    return `sysctl ${quoted} is not allowed as it conflicts with the OCI "hostname" field`;
  }
  return `sysctl ${quoted} is not in a separate kernel namespace`;
}

/** @throws EngineError `invalid` for a sysctl that is not of a namespace which the container has to itself. */
export function checkSysctls(request: Pick<SpecRequest, 'network' | 'namespaces' | 'sysctls'>): void {
  for (const given of Object.keys(request.sysctls)) {
    // sysctl(8) takes both
    const name = given.replaceAll('/', '.');
    const problem = problemOf(name, request);
    if (problem) throw new EngineError('invalid', `OCI runtime create failed: ${problem}`);
  }
}
