import type { NetworkMode } from '../../drivers/network/network-provider.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Happened } from './container-store.ts';
import { networkRequest } from './host-options.ts';

const drivers: Readonly<Record<NetworkMode, string>> = { bridge: 'bridge', host: 'host', none: 'null' };

/**
 * What is told when a container comes to its network or leaves it, as Docker does of the predefined ones too. Nothing of one
 * that joins another's, or that shall have none at all.
 */
export function networkEvents({ fixed }: ContainerRecord, action: 'connect' | 'disconnect'): readonly Happened[] {
  const request = networkRequest(fixed.config, fixed.hostConfig);
  if (!request || fixed.config.networkDisabled) return [];
  return [{ action, network: { name: request.mode, type: drivers[request.mode] } }];
}
