import { toEngineError } from '../../base/errors.ts';
import { type BridgeRange, chooseRange, isTaken, parseBridgeAddress } from './address-pool.ts';
import { bridgeNames, uplinkMtu } from './bridge.ts';
import { hostResolvers } from './host-resolvers.ts';
import { formatIpv4, formatRange } from './ip-address.ts';
import type { BridgeFacts, EndpointRecords } from './network-provider.ts';
import { openRouteSocket, type RouteSocket } from './rtnetlink.ts';

interface RangeDependencies {
  instance: string;
  endpoints: Pick<EndpointRecords, 'bridge' | 'setBridge'>;
  /** dockerd's `bip`; chosen when absent. */
  bridgeAddress: string | undefined;
}

/** What was given, else what was chosen before as long as it is still free or in use by the bridge, else a new choice. */
function rangeOf({ endpoints, bridgeAddress, instance }: RangeDependencies, routes: RouteSocket): BridgeRange {
  const chosen = bridgeAddress ?? endpoints.bridge();
  const before = chosen === undefined ? undefined : parseBridgeAddress(chosen);
  const taken = [...routes.routes(), ...hostResolvers().map((address) => ({ base: address, prefix: 32 }))];
  const stays = routes.findLink(bridgeNames(instance).bridge) || !before || !isTaken(before, taken);
  return before && (bridgeAddress || stays) ? before : chooseRange(taken);
}

function withRoutes<T>(work: (routes: RouteSocket) => T): T {
  const routes = openRouteSocket();
  try {
    return work(routes);
  } finally {
    routes.close();
  }
}

/** What others may take between our look at the routes and our own route. */
const maximumTries = 10;

/**
 * Makes the bridge with the range that it has from now on; remembered. Another engine or network manager may choose the
 * same one at the same moment: whoever then sees the other's route gives its own up and chooses again.
 *
 * @throws EngineError `unavailable` where no range is free
 */
export function settleRange(
  dependencies: RangeDependencies,
  bridge: { ensure(range: BridgeRange): void; remove(): void },
): BridgeRange {
  const { bridge: name } = bridgeNames(dependencies.instance);
  for (let tried = 1; ; tried++) {
    const found = withRoutes((routes) => ({
      range: rangeOf(dependencies, routes),
      isThere: routes.findLink(name) !== undefined,
    }));
    dependencies.endpoints.setBridge(`${formatIpv4(found.range.gateway)}/${found.range.prefix}`);
    bridge.ensure(found.range);
    const isOurs = found.isThere || dependencies.bridgeAddress !== undefined || !isSharedWithOthers(found.range, name);
    if (isOurs || tried >= maximumTries) return found.range;
    bridge.remove();
  }
}

const isSharedWithOthers = (range: BridgeRange, bridge: string): boolean =>
  withRoutes((routes) => {
    const ours = routes.findLink(bridge)?.index;
    return isTaken(
      range,
      routes.routes().filter(({ output }) => output !== ours),
    );
  });

/** The bridge as it is, or as it would be made now; undefined where no range is free. Nothing is made or remembered. */
export function lookAtBridge(dependencies: RangeDependencies): BridgeFacts | undefined {
  try {
    return withRoutes((routes) => {
      const range = rangeOf(dependencies, routes);
      const { bridge: name } = bridgeNames(dependencies.instance);
      const mtu = routes.findLink(name)?.mtu ?? uplinkMtu(routes);
      return { name, subnet: formatRange(range), gateway: formatIpv4(range.gateway), mtu };
    });
  } catch (error) {
    if (toEngineError(error).code === 'unavailable') return undefined;
    throw error;
  }
}
