import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { EngineError } from '../base/errors.ts';
import { hostNameOf, isLocalHost } from './endpoint.ts';

/** Hosts whose certificate is not verified, and that may be asked in plain HTTP. */
export interface InsecureHosts {
  includes(host: string): Promise<boolean>;
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * dockerd's `insecure-registries`: names with or without port, and networks (CIDR) that hold an address of the host. Hosts of
 * this computer always belong to it.
 *
 * @throws EngineError `invalid` (`registry.address-insecure`).
 */
export function createInsecureHosts(entries: readonly string[]): InsecureHosts {
  const names = new Set<string>();
  const networks = new BlockList();
  for (const entry of entries) addEntry(entry, names, networks);
  const inNetwork = (address: string) => networks.check(address, familyOf(address));
  return {
    async includes(host) {
      if (isLocalHost(host) || names.has(host)) return true;
      if (networks.rules.length === 0) return false;
      const name = hostNameOf(host);
      if (isIP(name)) return inNetwork(name);
      // as dockerd: a name that does not resolve is in no network
      const addresses = await lookup(name, { all: true }).catch(() => []);
      return addresses.some(({ address }) => inNetwork(address));
    },
  };
}

function addEntry(entry: string, names: Set<string>, networks: BlockList): void {
  const [address = '', bits, ...rest] = entry.split('/');
  if (bits === undefined) {
    names.add(entry);
    return;
  }
  const longest = isIP(address) === 6 ? 128 : 32;
  if (!isIP(address) || rest.length > 0 || !/^\d+$/.test(bits) || Number(bits) > longest) {
    throw new EngineError(
      'invalid',
      `invalid insecure registry ${JSON.stringify(entry)}: give HOST, HOST:PORT or a CIDR`,
      {
        reason: 'registry.address-insecure',
        params: { address: entry },
      },
    );
  }
  networks.addSubnet(address, Number(bits), familyOf(address));
}
