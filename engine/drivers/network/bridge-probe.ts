import { parseBridgeAddress } from './address-pool.ts';
import { tableText } from './bridge-rules.ts';
import { inNewNamespace } from './namespaces.ts';
import { openNftables } from './nftables.ts';
import { openRouteSocket } from './rtnetlink.ts';

/**
 * Tries a bridge, a veth and every rule in a namespace that is gone afterwards.
 * @returns why it does not work, in one sentence; undefined where it does
 */
export function probeBridge(): string | undefined {
  try {
    inNewNamespace(() => {
      const routes = openRouteSocket();
      try {
        const bridge = routes.addBridge({ name: 'probe', mac: '02:42:00:00:00:01', mtu: 1500 });
        const peer = { name: 'inside', mac: '02:42:00:00:00:02' };
        routes.addVeth({ name: 'outside', bridge, mtu: 1500, peer });
      } finally {
        routes.close();
      }
      const nft = openNftables();
      try {
        const range = parseBridgeAddress('172.30.0.1/16');
        nft.run(tableText({ table: 'beluga_probe', bridge: 'probe', range }, []));
      } finally {
        nft.close();
      }
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
