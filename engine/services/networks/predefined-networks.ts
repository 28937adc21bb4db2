import type { NetworkProvider } from '../../drivers/network/network-provider.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Records } from '../../storage/records/records.ts';
import type { NetworkService } from './network-service.ts';

export interface NetworkServiceDependencies {
  network: Pick<NetworkProvider, 'bridge'>;
  records: Records;
  events: EventBus;
}

export function createNetworkService({ network, records, events }: NetworkServiceDependencies): NetworkService {
  return {
    bridge: network.bridge,
    prune() {
      const actor = { id: '', attributes: { reclaimed: '0' } };
      records.lightTransaction(() => events.record({ type: 'network', action: 'prune', actor }));
    },
  };
}
