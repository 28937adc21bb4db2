import type { BelugaRegistries } from '../../engine/http/extension-types.ts';
import type { OurEngine } from '../hosts/our-engine.ts';
import type { Logins } from './logins.ts';

/** The hosts of mirrors, and of addresses that stand for a registry: what the engine asks by itself. */
export function askedHosts({ rules }: BelugaRegistries['settings']): string[] {
  const addresses = rules.flatMap(({ mirrors, upstream }) => [
    ...mirrors.filter(({ off }) => !off).map(({ url }) => url),
    ...(upstream === undefined ? [] : [upstream]),
  ]);
  const hosts = addresses.flatMap((address) => {
    const text = /^[a-z]+:\/\//i.test(address) ? address : `https://${address}`;
    try {
      return [new URL(text).host];
    } catch {
      return [];
    }
  });
  return [...new Set(hosts)];
}

export interface KeeperParts {
  readonly ours: Pick<OurEngine, 'host' | 'engine' | 'changed' | 'engineRuns'>;
  readonly logins: Pick<Logins, 'handOver'>;
}

/** Hands the logins over each time an engine runs: it keeps them in memory only. */
export async function keepHandedOver({ ours, logins }: KeeperParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await ours.engineRuns(signal);
    if (signal.aborted) return;
    const { since } = ours.engine.state;
    try {
      const registries = await ours.host.system.extension('/beluga/registries');
      if (registries) await logins.handOver(askedHosts((registries as BelugaRegistries).settings));
    } catch {
      // the engine was lost meanwhile, or does not take them; it is tried again with the next one
    }
    while (ours.engine.state.phase === 'running' && ours.engine.state.since === since && !signal.aborted)
      await ours.changed.after(ours.changed.count, signal);
  }
}
