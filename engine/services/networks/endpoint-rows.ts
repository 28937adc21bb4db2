import type { EndpointRecords, NetworkEndpoint } from '../../drivers/network/network-provider.ts';
import type { Records } from '../../storage/records/records.ts';

const bridgeKey = 'bridge';

/** Rows of table `endpoints`, also in memory, and the bridge's address in `meta`. */
export function openEndpointRows({ database, transaction }: Records): EndpointRecords {
  const rows = database.prepare('SELECT container_id, endpoint FROM endpoints').all();
  const endpoints = new Map(
    rows.map((row) => [String(row.container_id), JSON.parse(String(row.endpoint)) as NetworkEndpoint]),
  );
  const put = database.prepare('INSERT OR REPLACE INTO endpoints (container_id, endpoint) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM endpoints WHERE container_id = ?');
  const readMeta = database.prepare('SELECT value FROM meta WHERE key = ?');
  const writeMeta = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  return {
    all: () => [...endpoints].map(([containerId, endpoint]) => ({ containerId, endpoint })),
    find: (containerId) => endpoints.get(containerId),
    put(containerId, endpoint) {
      transaction(() => put.run(containerId, JSON.stringify(endpoint)));
      endpoints.set(containerId, endpoint);
    },
    remove(containerId) {
      if (!endpoints.has(containerId)) return;
      transaction(() => remove.run(containerId));
      endpoints.delete(containerId);
    },
    bridge() {
      const value = readMeta.get(bridgeKey)?.value;
      return value === undefined ? undefined : String(value);
    },
    setBridge: (address) => transaction(() => void writeMeta.run(bridgeKey, address)),
  };
}
