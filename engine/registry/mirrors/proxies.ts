import type { RegistrySettings } from './registry-settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxies for one host, as the variables that Node reads: its own, or the one for all, or the environment's. */
export function proxiesOf({ hosts, proxy }: RegistrySettings, environment: Environment, host: string): Environment {
  const own = hosts[host]?.proxy;
  if (own === 'none') return {};
  if (own) return { HTTP_PROXY: own.url, HTTPS_PROXY: own.url };
  if (proxy) {
    const { http, https, except } = proxy;
    return { ...(http && { HTTP_PROXY: http }), ...(https && { HTTPS_PROXY: https }), NO_PROXY: except };
  }
  return environment;
}
