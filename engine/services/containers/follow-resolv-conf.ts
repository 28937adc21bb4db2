import type { Log } from '../../base/log.ts';
import { watchResolvConf } from '../../drivers/network/host-resolvers.ts';
import type { NetworkEndpoint } from '../../drivers/network/network-provider.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { type HostFilesRequest, updateResolvConf } from './host-files.ts';
import { networkOf } from './host-options.ts';
import { isLive } from './state-machine.ts';

export interface FollowDependencies {
  store: ContainerStore;
  paths: ContainerPaths;
  log: Log;
}

/** What a container's files in /etc are made of. */
export function hostFilesRequest({ fixed }: ContainerRecord, endpoint: NetworkEndpoint | undefined): HostFilesRequest {
  const { config, hostConfig } = fixed;
  return {
    ...hostConfig,
    hostname: config.hostname ?? '',
    ...(config.domainname !== undefined && { domainname: config.domainname }),
    hostNetwork: networkOf(hostConfig.networkMode) === 'host',
    ...(endpoint && { endpoint }),
  };
}

/**
 * Brings a change of the host's name servers (a VPN, another network) to the containers that run, now and from now on.
 * @returns what ends it
 */
export function followResolvConf({ store, paths, log }: FollowDependencies): { close(): void } {
  const update = async () => {
    const hasOwn = ({ fixed }: ContainerRecord) => networkOf(fixed.hostConfig.networkMode) !== 'container';
    const live = store.all().filter((record) => isLive(record.state) && hasOwn(record));
    for (const record of live) {
      const request = hostFilesRequest(record, record.status.endpoint);
      if (await updateResolvConf(paths.directory(record.id), request))
        log.info('resolv.conf follows the host', { id: record.id });
    }
  };
  // one look after another; a change during a look is looked at once more
  let looking = false;
  let again = false;
  const look = async () => {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      await update().catch((error) => log.error('resolv.conf could not be followed', { error }));
    }
    looking = false;
  };
  const watch = watchResolvConf(() => void look());
  void look();
  return watch;
}
