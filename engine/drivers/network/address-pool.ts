import { EngineError } from '../../base/errors.ts';
import { baseOf, formatIpv4, type Ipv4Range, overlaps, parseIpv4, sizeOf } from './ip-address.ts';

/** The bridge's own address and the range it lies in. */
export interface BridgeRange extends Ipv4Range {
  gateway: number;
}

/** Ranges for the default bridge, tried in this order; dockerd begins at the other end. */
const candidates: readonly Ipv4Range[] = [
  ...Array.from({ length: 14 }, (_, index) => ({ base: parseIpv4(`172.${30 - index}.0.0`) ?? 0, prefix: 16 })),
  ...Array.from({ length: 16 }, (_, index) => ({ base: parseIpv4(`192.168.${240 - index * 16}.0`) ?? 0, prefix: 20 })),
];

/** A route this wide says where the rest of the world is, not where a network is. */
const narrowestDefault = 3;

const bridgeRange = (gateway: number, prefix: number): BridgeRange => ({
  gateway,
  base: baseOf(gateway, prefix),
  prefix,
});

/** `ADDRESS/PREFIX`, dockerd's `bip`. @throws EngineError `invalid` (`request.invalid`). */
export function parseBridgeAddress(text: string): BridgeRange {
  const [addressText = '', prefixText = ''] = text.split('/');
  const address = parseIpv4(addressText);
  const prefix = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : 0;
  if (address !== undefined && prefix >= 8 && prefix <= 30) {
    const range = bridgeRange(address, prefix);
    if (address > range.base && address < range.base + sizeOf(range) - 1) return range;
  }
  throw new EngineError(
    'invalid',
    `bip has to be an IPv4 address with its prefix, such as 172.30.0.1/16, not ${text}`,
    {
      reason: 'request.invalid',
      params: { field: 'bip' },
    },
  );
}

/** Whether a network of `taken` lies in the range or around it. */
export function isTaken(range: Ipv4Range, taken: readonly Ipv4Range[]): boolean {
  return taken.some((network) => network.prefix > narrowestDefault && overlaps(range, network));
}

/**
 * A range that none of `taken` (the host's routes and name servers) touches.
 * @throws EngineError `unavailable` when all of them are in use.
 */
export function chooseRange(taken: readonly Ipv4Range[]): BridgeRange {
  const free = candidates.find((candidate) => !isTaken(candidate, taken));
  if (free) return bridgeRange(free.base + 1, free.prefix);
  throw new EngineError(
    'unavailable',
    'every private address range that the bridge could have is routed elsewhere: set "bip" in the configuration file',
  );
}

/** Gives out addresses of a range: the one longest not given first, so that a late packet meets nobody else. */
export interface AddressPool {
  /** @throws EngineError `unavailable` when all are given. */
  take(taken: ReadonlySet<string>): string;
}

export function createAddressPool(range: BridgeRange): AddressPool {
  const last = range.base + sizeOf(range) - 2;
  let previous = range.gateway;
  return {
    take(taken) {
      for (let tried = 0; tried < sizeOf(range); tried++) {
        previous = previous >= last ? range.base + 1 : previous + 1;
        const text = formatIpv4(previous);
        if (previous !== range.gateway && !taken.has(text)) return text;
      }
      throw new EngineError('unavailable', 'no address is left on the bridge: remove containers, or give a wider bip');
    },
  };
}

/** Docker's way: `02:42` and the four bytes of the address, so that one address never has two hardware addresses. */
export function macOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '42', ...bytes].join(':');
}
