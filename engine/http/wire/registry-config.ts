import type { RegistryServiceConfig } from '@docker/node-sdk';
import type { RegistryOverview } from '../../services/registries/registry-service.ts';

/** As dockerd: this computer's addresses always. */
const ownNetworks = ['::1/128', '127.0.0.0/8'];
const asDocker = (mirror: string) => `${mirror.replace(/\/+$/, '')}/`;

/** `RegistryConfig` of GET /info: the mirrors of docker.io, and of other registries by their IndexConfigs. */
export function registryConfigToWire({
  settings,
  fixed,
}: Pick<RegistryOverview, 'settings' | 'fixed'>): RegistryServiceConfig {
  const insecure = [...new Set([...fixed.insecure, ...settings.insecure])];
  const mirrorsOf = (domain: string) => {
    const rule = settings.rules.find(({ prefix }) => prefix === domain);
    const own = (rule?.mirrors ?? []).filter(({ off }) => !off).map(({ url }) => url);
    return [...new Set([...own, ...(domain === 'docker.io' ? fixed.mirrors : [])].map(asDocker))];
  };
  const names = insecure.filter((entry) => !entry.includes('/'));
  const ruled = settings.rules.map(({ prefix }) => prefix).filter((prefix) => !prefix.includes('/'));
  const indexes = [...new Set(['docker.io', ...ruled, ...names])];
  return {
    InsecureRegistryCIDRs: [...insecure.filter((entry) => entry.includes('/')), ...ownNetworks],
    IndexConfigs: Object.fromEntries(
      indexes.map((name) => [
        name,
        { Name: name, Mirrors: mirrorsOf(name), Secure: !names.includes(name), Official: name === 'docker.io' },
      ]),
    ),
    Mirrors: mirrorsOf('docker.io'),
  };
}
